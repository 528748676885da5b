"""WARC files for tests, written by warcio: another hand than the one that reads them."""

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

DATE = "2026-03-02T01:00:00Z"
HTML = [("Content-Type", "text/html; charset=utf-8")]


def page(number: int, size: int = 0) -> bytes:
    return f"<html><h1>青溪桥第{number}号工程简报</h1><p>两岸居民过河不再绕行。{'水' * size}</p></html>".encode()


class Warc:
    """A WARC file under construction; `offsets` are those of its records."""

    def __init__(self, is_gzip: bool = True):
        self.out = io.BytesIO()
        self.writer = WARCWriter(self.out, gzip=is_gzip, warc_version="1.1")
        self.offsets: list[int] = []

    @property
    def data(self) -> bytes:
        return self.out.getvalue()

    def response(self, body: bytes, *, url="http://qingxi.example/a/1.html", headers=HTML, status="200 OK", date=DATE):
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        return self._write(url, "response", body, http_headers=http, warc_headers_dict={"WARC-Date": date})

    def resource(self, body: bytes, *, url="http://qingxi.example/r.txt", content_type="text/plain", date=DATE):
        return self._write(url, "resource", body, warc_content_type=content_type, warc_headers_dict={"WARC-Date": date})

    def other(self, kind: str, *, url="http://qingxi.example/a/1.html"):
        body = b"GET /a/1.html HTTP/1.1\r\n\r\n" if kind == "request" else b"software: invented\r\n"
        return self._write(url, kind, body, warc_content_type="application/warc-fields")

    def revisit(self, digest: str, *, url="http://qingxi.example/a/1.html", date="2026-03-03T01:00:00Z", status=None, headers=HTML):
        """`status` is that of the answer's own header, which older crawlers leave out."""
        self.offsets.append(self.out.tell())
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if status else None
        fields = {"WARC-Date": date}
        self.writer.write_record(
            self.writer.create_revisit_record(url, digest, refers_to_uri=url, refers_to_date=DATE, http_headers=http, warc_headers_dict=fields)
        )
        return self

    def _write(self, url, kind, body, **options):
        self.offsets.append(self.out.tell())
        self.writer.write_record(self.writer.create_warc_record(url, kind, payload=io.BytesIO(body), **options))
        return self

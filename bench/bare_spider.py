"""What the crawler is compared with: Scrapy alone, asking for the same pages of the same server in the same way, and keeping nothing."""

import json
import sys
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

from broadsheet.capture.web.addresses import SETTING


class BareSpider(Spider):
    """Asks for URLs."""

    name = "bare"

    def __init__(self, urls: list[str], **kwargs: Any):
        super().__init__(**kwargs)
        self.urls = urls
        self.count = 0

    async def start(self):
        for url in self.urls:
            yield Request(url, dont_filter=True)

    def parse(self, response, **kwargs):
        self.count += response.status == 200


def main() -> None:
    job = json.load(sys.stdin)
    process = AsyncCrawlerProcess({
        "ROBOTSTXT_OBEY": True, "COOKIES_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "LOG_ENABLED": False, "HTTPPROXY_ENABLED": False,
        "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": job["concurrency"], "DOWNLOAD_DELAY": 0.001, "DOWNLOAD_DELAY_JITTER": 0,
        "TWISTED_DNS_RESOLVER": "broadsheet.capture.web.addresses.CheckedResolver",  # for the host's address alone
        SETTING: {"is_private_allowed": True, "resolve": job["resolve"]},
    })  # fmt: skip
    crawler = process.create_crawler(BareSpider)
    process.crawl(crawler, urls=job["urls"])
    process.start()
    assert isinstance(crawler.spider, BareSpider)
    json.dump({"pages": crawler.spider.count, "seconds": crawler.stats.get_value("elapsed_time_seconds")}, sys.stdout)


if __name__ == "__main__":
    main()

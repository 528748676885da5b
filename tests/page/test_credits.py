"""Info lines, bylines and closing credits. All names are invented."""

import pytest
from hostile_texts import adversarial, lines
from hypothesis import given

from broadsheet.page.credit_line import source_credits
from broadsheet.page.credits import (
    read_byline,
    read_byline_without_label,
    read_closing_credit,
    read_dateline,
    read_info_line,
    read_opening_credit,
    read_tail_credit,
)
from broadsheet.text import fold_blanks


def people(credits):
    return [(person.role.value, person.name) for person in credits]


def sources(credits):
    return [(source.role.value, source.name) for source in credits]


@pytest.mark.parametrize(
    ("text", "wanted_time", "wanted_sources", "wanted_people"),
    [
        ("24-03-01 08:34 来源:云州网-云州日报 编辑:张小三", "24-03-01 08:34", [("via", "云州网"), ("origin", "云州日报")], [("editor", "张小三")]),
        (
            "来源：云报 作者：李小四 责任编辑：王小五 2024-05-10 06:58",
            "2024-05-10 06:58",
            [("origin", "云报")],
            [("author", "李小四"), ("responsible_editor", "王小五")],
        ),
        ("2024年03月01日11:10 来源：山河网 分享到：", "2024年03月01日11:10", [("origin", "山河网")], []),
        ("2024-03-01 12:11来源:云州时报网作者:李在田", "2024-03-01 12:11", [("origin", "云州时报网")], [("author", "李在田")]),
        ("钱小平 本文来源:云州经济报 责任编辑:钱小平_NBJ6937", None, [("origin", "云州经济报")], [("responsible_editor", "钱小平")]),
        ("2024-03-01 11:06:27 来源: 山河新闻 江西 举报", "2024-03-01 11:06:27", [("origin", "山河新闻")], []),
        ("2024/03/01 20:48 浏览 3.2w 热度 128", "2024/03/01 20:48", [], []),
        ("Źródło: Głos Borowa Aktualizacja: 1.03.2024 08:30", "1.03.2024 08:30", [("origin", "Głos Borowa")], []),
        ("Door Jan Jansen", None, [], [("author", "Jan Jansen")]),
        ("2024-03-01 19:32:27 字号:A- A A+ 来源:山河网", "2024-03-01 19:32:27", [("origin", "山河网")], []),
        ("2024-03-01 09:59:22 来源: 云州报(东山) 举报", "2024-03-01 09:59:22", [("origin", "云州报")], []),
        ("作者:未知     责任编辑:爱吃西瓜的人", None, [], [("responsible_editor", "爱吃西瓜的人")]),
        ("2024-03-01 来源：", "2024-03-01", [], []),
        ("稿源：科学云州-身边原理", None, [("origin", "科学云州-身边原理")], []),  # only one half looks like an outlet
        ("2024年03月01日 22:59 云州金融报", "2024年03月01日 22:59", [("origin", "云州金融报")], []),
        ("云州头条APP2024-03-01 19:11:00", "2024-03-01 19:11:00", [("origin", "云州头条APP")], []),
        ("2024-03-01 09:52:19云上能量 来自东山 浙江省", "2024-03-01 09:52:19", [], []),
        ("2024-03-01 09:52:19云上能量 来自浙江省", "2024-03-01 09:52:19", [("origin", "云上能量")], []),
        ("2024-03-01 20:35 张小三 李小四", "2024-03-01 20:35", [], [("author", "张小三"), ("author", "李小四")]),
        ("2024-03-01 14:07 来源:云州新闻·云州号·政务", "2024-03-01 14:07", [("origin", "云州新闻·云州号·政务")], []),
        ("By Jane Doe, Staff Writer | Updated March 3, 2021", "March 3, 2021", [], [("author", "Jane Doe")]),
        ("By Jane Doe and John Roe", None, [], [("author", "Jane Doe"), ("author", "John Roe")]),
        ("BY JANE DOE AND JOHN ROE", None, [], [("author", "JANE DOE"), ("author", "JOHN ROE")]),
        ("By Jane Doe BBC News", None, [("origin", "BBC News")], [("author", "Jane Doe")]),
        ("By Jane Doe Science reporter, Seahaven News", None, [("origin", "Seahaven News")], [("author", "Jane Doe")]),
        ("By Jane Doe Staff Writer", None, [], [("author", "Jane Doe")]),
        ("By Seahaven News Agency", None, [("origin", "Seahaven News Agency")], []),
        ("by SHN Staff Writer", None, [], []),
        ("Reporting by Jane Doe in Seahaven and Northport; Editing by Max Moe", None, [], [("reporter", "Jane Doe"), ("editor", "Max Moe")]),
        ("12 comment(s) - last by Harbourfan on May 22", None, [], []),
        ("Published: June 3, 2021 By Jane Doe Associated Press", "June 3, 2021", [("origin", "Associated Press")], [("author", "Jane Doe")]),
        ("Jane Doe, Seahaven Today 7:02 a.m. March 3, 2021", "7:02 a.m. March 3, 2021", [("origin", "Seahaven Today")], [("author", "Jane Doe")]),
        (
            "Jane Doe and John Roe , Special for Seahaven Times Sports 5:27 p.m. March 3, 2021",
            "5:27 p.m. March 3, 2021",
            [("origin", "Seahaven Times Sports")],
            [("author", "Jane Doe"), ("author", "John Roe")],
        ),
        ("JANE DOE AP Sports Writer Published: March 3, 2021", "March 3, 2021", [("origin", "AP")], [("author", "JANE DOE")]),
        ("Bigtown , Seahaven News Bureau | Updated : 3 March 2021, 09:01", "3 March 2021, 09:01", [("origin", "Seahaven News Bureau")], []),
        ("March 3, 2021 09:01 / in Seahaven Port News", "March 3, 2021 09:01", [], []),
        ("By SHN Staff | March 3, 2021", "March 3, 2021", [], []),
        ("Our Correspondent, Seahaven Times 5:27 p.m. March 3, 2021", "5:27 p.m. March 3, 2021", [("origin", "Seahaven Times")], []),
        ("The Seahaven Times , Wednesday 3 March 2021 18.00", "3 March 2021 18.00", [("origin", "The Seahaven Times")], []),
        ("By Jane Doe | Example News", None, [("origin", "Example News")], [("author", "Jane Doe")]),
        ("By admin - 2021-03-03", "2021-03-03", [], []),
        ("Posted by Jane Q. Doe on March 3, 2021, 6:21 AM EST", "March 3, 2021, 6:21 AM EST", [], [("author", "Jane Q. Doe")]),
        ("Quelle: Musterstädter Zeitung | 03.03.2021, 10:00 Uhr", "03.03.2021, 10:00 Uhr", [("origin", "Musterstädter Zeitung")], []),
    ],
)
def test_an_info_line_is_read(text, wanted_time, wanted_sources, wanted_people):
    line = read_info_line(text)
    assert (line.time.raw if line.time else None) == wanted_time
    assert sources(line.sources) == wanted_sources
    assert people(line.people) == wanted_people


def test_a_compound_source_keeps_what_was_displayed():
    assert {source.raw for source in source_credits("云州网－云州日报")} == {"云州网－云州日报"}
    assert sources(source_credits("云州报、山河报")) == [("origin", "云州报"), ("origin", "山河报")]
    assert sources(source_credits("《云州报》")) == [("origin", "云州报")]
    assert source_credits("网络") == ()


def test_a_source_that_is_a_link_gets_its_url():
    line = read_info_line("2024-03-01 来源： 云上山河 浏览 12", [("云上山河", "http://yun.example/"), ("打印", None)])
    assert [(source.name, source.url) for source in line.sources] == [("云上山河", "http://yun.example/")]


def test_an_affiliation_in_an_english_byline_is_no_person():
    (person,) = read_info_line("By Jane Doe - Example Science Contributor 2021-03-03T12:48:14Z Space").people
    assert (person.name, person.affiliation) == ("Jane Doe", "Example Science")
    (person,) = read_info_line("By Jane Doe, Science Editor, Seahaven News").people
    assert (person.name, person.affiliation) == ("Jane Doe", "Seahaven News")


def test_the_ratio_tells_an_info_line_from_a_sentence():
    assert read_info_line("2024-03-01 08:30 来源：云州网 编辑：张小三").explained_ratio == 1.0
    sentence = read_info_line("2024年3月1日，云州市召开会议，部署今年城乡道路建设和沿江环境治理的有关工作，各县区负责人参加。")
    assert sentence.explained_ratio < 0.4
    assert not sentence.has_label
    assert read_info_line("没有标签也没有时间的一句话").explained_ratio == 0.0


@pytest.mark.parametrize(
    ("text", "wanted_people", "wanted_sources"),
    [
        ("（责任编辑：张小三）", [("responsible_editor", "张小三")], []),
        ("【编辑:李小四】", [("editor", "李小四")], []),
        ("(责编：王甲、李 乙)", [("responsible_editor", "王甲"), ("responsible_editor", "李乙")], []),
        ("(记者 王甲 李乙)", [("reporter", "王甲"), ("reporter", "李乙")], []),
        ("作者：王甲（云州大学教授）、李乙（云州市教育研究院副研究员）", [("author", "王甲"), ("author", "李乙")], []),
        ("（作者：王小甲，系云州大学教授）", [("author", "王小甲")], []),
        ("作者：王小甲 ▪ 李小乙   责编：张小三", [("author", "王小甲"), ("author", "李小乙"), ("responsible_editor", "张小三")], []),
        ("初审编辑：王小甲", [("editor", "王小甲")], []),
        ("责任编辑：市政府办公室信息科", [], []),
        ("来源：山河网", [], [("origin", "山河网")]),
        ("编辑 周小舟 | 排版 魏小为", [("editor", "周小舟")], []),
        ("编辑 王小甲 校对 李小乙", [("editor", "王小甲")], []),
        ("编辑|周小舟", [("editor", "周小舟")], []),
        ("责编:黄小南 PN269", [("responsible_editor", "黄小南")], []),
        ("[责任编辑:xiaoliu SF065]", [("responsible_editor", "xiaoliu")], []),
        ("(文/图 刘小东 易小楠)", [("author", "刘小东"), ("author", "易小楠")], []),
        ("来源:云州房产·东山站 文/牛小蕊", [("author", "牛小蕊")], [("origin", "云州房产·东山站")]),
        ("（作者韩小涵系云州智库研究员）", [("author", "韩小涵")], []),
        ("Editor: Jane Doe", [("editor", "Jane Doe")], []),
        (
            "(Reporting by Jane Doe in Seahaven and John Roe in New Borough; Writing by Ann al-Poe; Editing by Max Moe)",
            [("reporter", "Jane Doe"), ("reporter", "John Roe"), ("author", "Ann al-Poe"), ("editor", "Max Moe")],
            [],
        ),
        ("校对:刘小威", [], []),
        ("(山河日报记者)", [], []),
        ("图片来源：云州轨道交通年报", [], []),  # of the picture, not of the piece
    ],
)
def test_a_closing_credit_is_read(text, wanted_people, wanted_sources):
    credit = read_closing_credit(text)
    assert credit is not None
    assert (people(credit.people), sources(credit.sources)) == (wanted_people, wanted_sources)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "两岸往来只要五分钟记者",
        "大桥通车前夜本报记者",
        "记者通过电子邮件联系了这家公司",
        "编辑们都很忙",
        "阅读：123",
        "标签：云州",
        "The editor left the room.",
        "2024-03-01 08:30",
    ],
)
def test_other_texts_are_no_closing_credit(text):
    assert read_closing_credit(text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("JANE DOE, Daily Harbour Staff Writer doej@seahaven.example", ["JANE DOE"]),
        ("Jane Doe, Seahaven", []),
        ("Jane Doe, Seahaven Times", []),  # as likely who took the picture
        ("Our Reporter, Daily Harbour Staff Writer", []),
    ],
)
def test_a_byline_without_a_label_says_what_the_writer_is(text, wanted):
    assert [person.name for person in read_byline_without_label(text)] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("新云州·云州日报记者 崔小明", [("reporter", "崔小明", "新云州·云州日报")]),
        ("本报记者 王乐甲 方 乙 通讯员 李丙", [("reporter", "王乐甲", None), ("reporter", "方乙", None), ("correspondent", "李丙", None)]),
        ("云州日报全媒体记者 张小三", [("reporter", "张小三", "云州日报")]),
        ("云州社记者邹小为、唐小凝、丁乙", [("reporter", "邹小为", "云州社"), ("reporter", "唐小凝", "云州社"), ("reporter", "丁乙", "云州社")]),
        ("文/王小甲 图/李小乙", [("author", "王小甲", None), ("photographer", "李小乙", None)]),
        ("□ 记者 王小甲", [("reporter", "王小甲", None)]),
        ("记者 赵小希 东山报道", [("reporter", "赵小希", None)]),
        ("〔記者王小明／東山報導〕", [("reporter", "王小明", None)]),
        ("云州社记者 谢小环 摄", [("photographer", "谢小环", "云州社")]),
        ("【文/山河网专栏作者 王小文】", [("author", "王小文", "山河网")]),
        ("云州社记者", []),
        ("By Jane Doe and John Roe", [("author", "Jane Doe", None), ("author", "John Roe", None)]),
        ("By Jane Doe Staff Writer", [("author", "Jane Doe", None)]),
        (
            "By Jane Doe and John Roe - Example Technology Writers",
            [("author", "Jane Doe", "Example Technology"), ("author", "John Roe", "Example Technology")],
        ),
        ("Par ANNE MODELE, LUC EXEMPLE Envoyés spéciaux à Provenville", [("author", "ANNE MODELE", None), ("author", "LUC EXEMPLE", None)]),
        ("By April May", [("author", "April May", None)]),
        ("di Anna Prova", [("author", "Anna Prova", None)]),
        ("Text: Jane Doe", [("author", "Jane Doe", None)]),
        ("Von Max Mustermann", [("author", "Max Mustermann", None)]),
        ("Por Ana López y Juan Pérez", [("author", "Ana López", None), ("author", "Juan Pérez", None)]),
        ("홍길동 기자", [("reporter", "홍길동", None)]),
    ],
)
def test_a_byline_is_read(text, wanted):
    byline = read_byline(text)
    assert byline is not None
    assert [(person.role.value, person.name, person.affiliation) for person in byline] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "By the way, this is a sentence",
        "记者从有关部门获悉",
        "Von Montag an gilt das",
        "作者认为这很重要",
        "编辑 工作 会议",
        "",
        "Editorial by nobody",
        "Text Size",  # a control of the page
        "Anna Di Prova",  # a part of the name is no label
    ],
)
def test_a_sentence_is_no_byline(text):
    assert read_byline(text) is None


@pytest.mark.parametrize(
    ("text", "dateline", "wanted"),
    [
        ("新华社云州4月24日电（记者宋小晨、田小全）新桥今日通车。", "新华社云州4月24日电", [("reporter", "宋小晨"), ("reporter", "田小全")]),
        ("本报讯（记者 张小三）昨日，新桥通车。", "本报讯", [("reporter", "张小三")]),
        ("云州网东山3月1日电 今天上午新桥通车。", "云州网东山3月1日电", []),
        ("EXAMPLETOWN (Reuters) - The bridge opened.", "EXAMPLETOWN (Reuters)", []),
        ("Musterstadt (dpa) - Die Brücke ist offen.", "Musterstadt (dpa)", []),
        ("EXAMPLETOWN — The bridge opened.", "EXAMPLETOWN", []),
        ("会议要求抓好落实。（记者 高小伟）", None, [("reporter", "高小伟")]),
        ("（记者 王小甲）新桥今日通车。", None, [("reporter", "王小甲")]),
        ("【云州网】（记者 王小甲 实习记者 李小乙）新桥今日通车。", None, [("reporter", "王小甲"), ("reporter", "李小乙")]),
        ("云州日报讯（记者 王小甲、通讯员 李小乙）新桥今日通车。", None, [("reporter", "王小甲"), ("correspondent", "李小乙")]),
        ("他说的话（记者 王小甲）没有人听。", None, []),
        ("〔記者王小明／東山報導〕新橋今日通車。", None, [("reporter", "王小明")]),
        ("（雲州社記者王小明東山22日電）新橋今日通車。", "雲州社記者王小明東山22日電", [("reporter", "王小明")]),
        ("山河社记者了解到云州1日电价下调。", None, []),
        ("民眾應注意安全。（編輯：王小明）1130322", None, [("editor", "王小明")]),
        ("当地时间5月24日电视台播出了节目。", None, []),
        ("不过，4月24日电影上映（图）。", None, []),
        ("England (Group A): 10th appearance", None, []),
    ],
)
def test_datelines_and_credits_inside_paragraphs(text, dateline, wanted):
    assert read_dateline(text) == dateline
    assert people(read_opening_credit(text)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("By Jane Doe March 18 at 3:57 PM Follow @janedoe", [("author", "Jane Doe")]),
        ("Illustration by Jane Doe", []),
        ("By Jane (J.D.) Doe and John Roe (Example News)", [("author", "Jane (J.D.) Doe"), ("author", "John Roe")]),
        ("By The Town's Editorial Writers Mar 3, 2021 4:39 PM", []),
        ("By John Roe Illustration by Jane Doe", [("author", "John Roe")]),
        ("A series of talks by Members of the council begins", []),
        ("Harbour Trams Are Not to Be Stopped by Strike (July 18, 2023)", []),
        ("By Jane deLuca and John d’Orsa", [("author", "Jane deLuca"), ("author", "John d’Orsa")]),
    ],
)
def test_what_stands_beside_a_name_is_no_name(text, wanted):
    assert people(read_info_line(text).people) == wanted


def test_a_tail_credit_gives_the_source_too():
    credit = read_tail_credit("房价走势有待观察。（来源：云州房产网 文/牛小蕊）")
    assert credit is not None
    assert sources(credit.sources) == [("origin", "云州房产网")]
    assert people(credit.people) == [("author", "牛小蕊")]


@given(lines)
def test_raws_are_in_the_text_and_the_ratio_is_one_at_most(text):
    folded = fold_blanks(text)
    line = read_info_line(text)
    assert 0.0 <= line.explained_ratio <= 1.0
    assert all(source.raw in folded and source.name for source in line.sources)
    assert all(person.raw in folded and person.name for person in line.people)
    credit = read_closing_credit(text)
    assert credit is None or credit.raw in folded
    for person in (*(read_byline(text) or ()), *read_opening_credit(text)):
        assert person.raw in folded
    dateline = read_dateline(text)
    assert dateline is None or dateline in folded


@given(lines)
def test_reading_twice_gives_the_same(text):
    assert read_info_line(text) == read_info_line(text)


@pytest.mark.parametrize("text", adversarial, ids=lambda text: repr(text[:6]))
def test_long_hostile_texts_end(text):
    for function in (read_info_line, read_closing_credit, read_byline, read_opening_credit, read_tail_credit, read_dateline):
        function(text)
        function(text[:390])

"""Tables as people have them, written by code: good ones with what they hold, bad ones with the words that matter."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

from nas_core.data.readers.dialect import Dialect

Table = dict[str, list[Any]]

PLAIN = "a,b\n1,x\n2,y\n"
EXPECTED: Table = {"a": ["1", "2"], "b": ["x", "y"]}
TYPED: Table = {"a": [1, 2], "b": ["x", "y"]}


@dataclass(frozen=True)
class Good:
    """A file and the table in it."""

    name: str
    content: bytes
    table: Table = field(default_factory=lambda: EXPECTED)
    asked: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True)
class Bad:
    """A file that is refused, and the words that the error must have; `limits` are variables of the service."""

    name: str
    content: bytes
    words: tuple[str, ...]
    asked: Dialect = field(default_factory=Dialect)
    limits: dict[str, str] = field(default_factory=dict)


def text(name: str, content: str, table: Table | None = None, written: str = "utf-8", **asked: Any) -> Good:
    return Good(name, content.encode(written), EXPECTED if table is None else table, Dialect(**asked))


def numbers(name: str, cells: list[str], plain: list[str], delimiter: str = ";", **asked: Any) -> Good:
    """Cells in one column beside words, and the plain form that they come in."""
    quoted = [f'"{cell}"' if delimiter in cell else cell for cell in cells]
    lines = [f"n{delimiter}w", *(f"{cell}{delimiter}w{row}" for row, cell in enumerate(quoted))]
    return text(name, "\n".join(lines), {"n": plain, "w": [f"w{row}" for row in range(len(cells))]}, **asked)


def zipped(*members: tuple[str, bytes], damage: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if damage:
                damage(info)
            archive.writestr(info, content)
    return out.getvalue()


def workbook(*sheets: tuple[str, list[list[Any]]], hidden: str | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if title == hidden else "visible"
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "a", 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(table: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(table), out, **options)
    return out.getvalue()


def arrow(table: Any, *, stream: bool = False) -> bytes:
    out = io.BytesIO()
    made = pa.table(table)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, made.schema) as writer:
        writer.write_table(made)
    return out.getvalue()


def as_feather(table: Any, version: int = 2) -> bytes:
    out = io.BytesIO()
    feather.write_feather(pa.table(table), out, version=version)
    return out.getvalue()


def tar(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("t.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return bytes(out.getvalue())


RUSSIAN = "город,рост\nМосква,1\nКазань,2\nПермь,3\n"
RUSSIAN_TABLE: Table = {"город": ["Москва", "Казань", "Пермь"], "рост": ["1", "2", "3"]}
GERMAN = "größe,b\nsüß,1\nschön,2\n"
GERMAN_TABLE: Table = {"größe": ["süß", "schön"], "b": ["1", "2"]}
IRIS = "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,2.2,virginica\n"
IRIS_TABLE: Table = {
    "column 1": ["5.1", "4.9", "6.2"],
    "column 2": ["3.5", "3.0", "2.2"],
    "column 3": ["setosa", "setosa", "virginica"],
}


def delimiters() -> Iterator[Good]:
    marks = {
        ",": "comma",
        ";": "semicolon",
        "\t": "tab",
        "|": "bar",
        "\x1f": "unit",
        "\x01": "soh",
        "^": "hat",
        "~": "~",
    }
    for mark, name in marks.items():
        yield text(f"delimiter {name}", "a,b,c\n1,x y,2\n3,z,4\n".replace(",", mark), _ABC)
    yield text("delimiter colon", "a:b:c\n1:x y:2\n3:z:4\n", _ABC)
    yield text("delimiter asked", "a#b\n1#x\n2#y\n", delimiter="#")
    yield text("delimiter asked against the look", "a;b,c\n1;x,2\n", {"a;b": ["1;x"], "c": ["2"]}, delimiter=",")
    yield text(
        "delimiter inside quotes", 'a;b\n"1, 2, 3";x\n"4, 5, 6";y\n', {"a": ["1, 2, 3", "4, 5, 6"], "b": ["x", "y"]}
    )
    yield text("delimiter by sep=", "sep=|\na|b\n1|x\n2|y\n")
    yield text("delimiter by sep= that is none", "sep=æ\na,b\n1,x\n2,y\n")
    yield text("one column", "a\n1\n2\n", {"a": ["1", "2"]})
    yield text("times in one column", "t\n10:00:01\n10:00:02\n", {"t": ["10:00:01", "10:00:02"]})


_ABC: Table = {"a": ["1", "3"], "b": ["x y", "z"], "c": ["2", "4"]}


def quotes_and_lines() -> Iterator[Good]:
    yield text("everything quoted", '"a","b"\n"1","x"\n"2","y"\n')
    yield text("doubled quotes", 'a,b\n1,"say ""hi"""\n2,y\n', {"a": ["1", "2"], "b": ['say "hi"', "y"]})
    yield text("escaped quotes", 'a,b\n1,"say \\"hi\\""\n2,y\n', {"a": ["1", "2"], "b": ['say "hi"', "y"]})
    yield text("apostrophes", "'a','b'\n'1','x, y'\n'2','z'\n", {"a": ["1", "2"], "b": ["x, y", "z"]})
    yield text("a line break in a cell", 'a,b\n1,"x\ny"\n2,z\n', {"a": ["1", "2"], "b": ["x\ny", "z"]})
    yield text("a line break in a name", '"a\nb",c\n1,2\n3,4\n', {"a\nb": ["1", "3"], "c": ["2", "4"]})
    yield text("a quote in the middle of a word", 'a,b\n1,5" disk\n2,y\n', {"a": ["1", "2"], "b": ['5" disk', "y"]})
    yield text("lines of Windows", PLAIN.replace("\n", "\r\n"))
    yield text("lines of an old Mac", PLAIN.replace("\n", "\r"))
    yield text("no line break at the end", PLAIN.rstrip("\n"))
    yield text("empty lines between", "a,b\n\n1,x\n\n2,y\n\n")
    yield text("empty cells", "a,b\n1,\n,y\n", {"a": ["1", ""], "b": ["", "y"]})
    yield text("spaces round names", " a , b \n1,x\n2,y\n")
    yield text("a delimiter at the end of rows", "a,b\n1,x,\n2,y,\n", {**EXPECTED, "column 3": ["", ""]})
    yield text("a delimiter at the end of all lines", "a,b,\n1,x,\n2,y,\n", {**EXPECTED, "column 3": ["", ""]})
    yield text("row names without a name", '"a","b"\n"1",1,"x"\n"2",2,"y"\n', {"column 1": ["1", "2"], **EXPECTED})
    yield text("ragged rows are left out", "a,b\n1,x\n1,2,3\n9\n2,y\n")
    yield text("formulas stay texts", "a,b\n=1+1,x\n@SUM(A1),y\n", {"a": ["=1+1", "@SUM(A1)"], "b": ["x", "y"]})
    yield text("a very long cell", f"a,b\n1,{'x' * 900_000}\n2,y\n", {"a": ["1", "2"], "b": ["x" * 900_000, "y"]})


def headers() -> Iterator[Good]:
    yield text("no header", IRIS, IRIS_TABLE)
    yield text(
        "no header, words that recur",
        "red,x\nblue,y\nred,x\nblue,z\n",
        {"column 1": ["red", "blue"] * 2, "column 2": ["x", "y", "x", "z"]},
    )
    yield text("header asked away", PLAIN, {"column 1": ["a", "1", "2"], "column 2": ["b", "x", "y"]}, header=False)
    yield text("header asked for", "1,2\n3,4\n", {"1": ["3"], "2": ["4"]}, header=True)
    yield text("a title above", "Report of 2024\n\na;b\n1;x\n2;y\n")
    yield text("comments above", "# made by a program\n# for people\na,b\n1,x\n2,y\n")
    yield text("lines to skip asked for", "x,y\nu,v\na,b\n1,x\n2,y\n", skip_rows=2)
    yield text(
        "years as names", "city,2019,2020\nA,1,2\nB,3,4\n", {"city": ["A", "B"], "2019": ["1", "3"], "2020": ["2", "4"]}
    )
    yield text("header only", "a,b\n", {"a": [], "b": []})


def encodings() -> Iterator[Good]:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield text(f"german in {encoding}", GERMAN, GERMAN_TABLE, encoding)
        yield (
            text(f"russian in {encoding}", RUSSIAN, RUSSIAN_TABLE, encoding)
            if encoding != "utf-16-le"
            else text("ascii in utf-16-le", PLAIN, EXPECTED, encoding)
        )
    for encoding in ("cp1252", "latin-1"):
        yield text(f"german in {encoding}", GERMAN, GERMAN_TABLE, encoding)
    for encoding in ("cp1251", "koi8-r", "cp866"):
        yield text(f"russian in {encoding}", RUSSIAN, RUSSIAN_TABLE, encoding)
    yield text(
        "polish in cp1250", "miasto,n\nłódź,1\nżółć,2\n", {"miasto": ["łódź", "żółć"], "n": ["1", "2"]}, "cp1250"
    )
    yield text(
        "greek in cp1253", "όνομα,n\nΑθήνα,1\nΠάτρα,2\n", {"όνομα": ["Αθήνα", "Πάτρα"], "n": ["1", "2"]}, "cp1253"
    )
    yield text("turkish in cp1254", "ad,n\nŞişli,1\nığdır,2\n", {"ad": ["Şişli", "ığdır"], "n": ["1", "2"]}, "cp1254")
    yield text("japanese asked for", "名,n\n東京,1\n", {"名": ["東京"], "n": ["1"]}, "shift_jis", encoding="shift_jis")
    late = "a,b\n" + "1,x\n" * 100_000 + "2,größe\n"
    yield text(
        "the first umlaut far below", late, {"a": ["1"] * 100_000 + ["2"], "b": ["x"] * 100_000 + ["größe"]}, "cp1252"
    )


def numerals() -> Iterator[Good]:
    yield numbers("decimal comma", ["1,5", "2,25", "-3"], ["1.5", "2.25", "-3"])
    yield numbers("decimal comma, thousands point", ["1.234,5", "12.345", "-3"], ["1234.5", "12345", "-3"])
    yield numbers("decimal comma, thousands space", ["1 234,5", "12 345", "7"], ["1234.5", "12345", "7"])
    yield numbers("decimal comma, narrow space", ["1\u202f234,5", "12\u00a0345", "7"], ["1234.5", "12345", "7"])
    yield numbers("decimal comma with comma as delimiter", ["1,5", "2,25", "3,0"], ["1.5", "2.25", "3.0"], ",")
    yield numbers("thousands comma", ["1,234.5", "12,345", "7"], ["1234.5", "12345", "7"], ",")
    yield numbers("thousands comma only", ["1,234", "1,234,567", "7"], ["1234", "1234567", "7"], ",")
    yield numbers("thousands apostrophe", ["1'234.5", "12'345", "7"], ["1234.5", "12345", "7"])
    yield numbers("thousands space, decimal point", ["1 234.50", "12 345.25", "7.75"], ["1234.50", "12345.25", "7.75"])
    yield numbers("three digits after the comma", ["1,234", "2,345", "0,5"], ["1.234", "2.345", "0.5"])
    yield numbers("three digits after the point", ["1.234", "2.345", "0.5"], ["1.234", "2.345", "0.5"])
    yield numbers("exponents with a comma", ["1,5e3", "2,25E-2", "1"], ["1.5e3", "2.25E-2", "1"])
    yield numbers("plain numbers", ["1.5", "-2e3", "007"], ["1.5", "-2e3", "007"])
    yield numbers("gaps among decimal commas", ["1,5", "", "n/a", "2,5"], ["1.5", "", "n/a", "2.5"])
    yield numbers("comma asked for", ["1,234", "2,345"], ["1.234", "2.345"], ",", decimal=",")
    yield numbers("thousands asked for", ["1,234", "2,345"], ["1234", "2345"], decimal=".", thousands=",")
    table = {"v": ["1.2.3", "10.11.12"], "d": ["01.02.2024", "3.4.2024"], "n": ["1.5", "2.5"]}
    yield text("dates and versions stay", "v;d;n\n1.2.3;01.02.2024;1,5\n10.11.12;3.4.2024;2,5\n", table)
    words = {"n": ["1.5", "2.5"], "w": ["a, b", "1,5 litres"]}
    yield text("words with commas stay", "n;w\n1,5;a, b\n2,5;1,5 litres\n", words)


def packed() -> Iterator[Good]:
    plain = PLAIN.encode()
    for name, pack in {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}.items():
        yield Good(name, pack(plain))
    yield Good("gzip in two parts", gzip.compress(plain[:6]) + gzip.compress(plain[6:]))
    yield Good("zip", zipped(("t.csv", plain)))
    yield Good("zip with litter", zipped(("t.csv", plain), ("__MACOSX/._t.csv", b"x"), (".DS_Store", b"x")))
    yield Good("zip with a folder", zipped(("in/", b""), ("in/t.csv", plain)))
    yield Good("zipped parquet", zipped(("t.parquet", parquet(TYPED))), TYPED)
    yield Good("zipped excel", zipped(("t.xlsx", workbook(("S", [["a", "b"], [1, "x"], [2, "y"]])))))
    yield Good("gzipped cp1251", gzip.compress(RUSSIAN.encode("cp1251")), RUSSIAN_TABLE)


def binary() -> Iterator[Good]:
    yield Good("parquet", parquet(TYPED), TYPED)
    yield Good("parquet with brotli", parquet(TYPED, compression="brotli"), TYPED)
    yield Good("parquet without rows", parquet({"a": pa.array([], pa.int64())}), {"a": []})
    yield Good("arrow file", arrow(TYPED), TYPED)
    yield Good("arrow stream", arrow(TYPED, stream=True), TYPED)
    yield Good("feather", as_feather(TYPED), TYPED)
    day = dt.datetime(2024, 2, 3, 4, 5)
    sheet = [["a", "b"], [1, "x"], [2.5, None], [day, True], [dt.date(2024, 2, 3), "=1"]]
    table: Table = {"a": ["1", "2.5", "2024-02-03 04:05:00", "2024-02-03"], "b": ["x", None, "true", None]}
    yield Good("xlsx", workbook(("S", sheet)), table)
    rows = [["a", "b"], [1, "x"], [2, "y"]]
    yield Good("xlsx, the first sheet with rows", workbook(("Cover", []), ("S", rows)))
    yield Good("xlsx, sheet asked for", workbook(("O", [["q"], [1]]), ("S", rows)), asked=Dialect(sheet="S"))
    yield Good("xlsx, hidden sheet passed over", workbook(("H", [["q"], [1]]), ("S", rows), hidden="H"))
    yield Good("xlsx with a title above", workbook(("S", [["Report"], [], *rows])))
    yield Good("xlsx without names", workbook(("S", rows[1:])), {"column 1": ["1", "2"], "column 2": ["x", "y"]})
    commas: Table = {"a": ["1.5", "2.5"], "b": ["x", "y"]}
    yield Good("xlsx with numbers as texts", workbook(("S", [["a", "b"], ["1,5", "x"], ["2,5", "y"]])), commas)
    yield Good("xls", zlib.decompress(base85(XLS)), {"a": ["1", "2.5"], "b": ["x", "y"]})


def json_lines() -> Iterator[Good]:
    lines = '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'
    yield text("json lines", lines)
    yield text("json lines with a mark", lines, written="utf-8-sig")
    yield text("json lines in utf-16", lines, written="utf-16")
    yield text("one json line", '{"a": 1, "b": "x"}', {"a": ["1"], "b": ["x"]})
    yield text(
        "json with gaps",
        '{"a": 1}\n\n{"b": null, "c": true}\n',
        {"a": ["1", None], "b": [None] * 2, "c": [None, "true"]},
    )
    yield text("json with nested values", '{"a": [1, 2]}\n{"a": {"b": 1}}\n', {"a": ["[1, 2]", '{"b": 1}']})
    yield text("json of mixed types", '{"a": 1.0}\n{"a": "x"}\n{"a": 1e300}\n', {"a": ["1", "x", "1e+300"]})
    yield text("json list", json.dumps([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]))
    yield text("json list over lines", json.dumps([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], indent=1))
    yield text(
        "json list under a key", json.dumps({"n": 2, "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}, indent=1)
    )
    yield text("half a surrogate pair", '{"a": "\\ud800"}\n', {"a": ["?"]})


def base85(text_: str) -> bytes:
    import base64

    return base64.b85decode(text_)


XLS = (
    "c-rk(U2IfE6h3qJ?)Gk5+S}6l15&RQmqND&<iQ%mE)-M}u}!U!7!utsx3#kEl4Vgy{8@@T7$wp0;0p;M>5I|$6BB*V#P-"
    "bxjmCroeJZ{Yd{~UekkDSgbM9QauDfx!B_v|c=G>V%GiT1(IX`pehwoeF&V9P(B9*{43ekcWrAQG?0j*$Q6B(Me;CWs^_Ez9O1@p"
    "RP8=A0R7|1rS({_#Ob_H%t7@`b*IdW(>O`^@xF{%Y_gU1x_R}IfXmFud775Ph-&-"
    "t74cnDY;|D5YN{_BAaz((LIU=y&}zXGTQ*a}<?Yy-B7PY~S>yaRYAa1C%R@GdR8L${3gpx>#-"
    ">sNBkO^2ujD@MZf<*IMl<YN1a@Q6>$S@DZsfcxnX`$m5<opNp#>=Yf6iglQQlWs>((HT&i=wqRNCExAheSicxz1pMq841z-"
    "lzcno+eFO&h4B0=lr8YfZ#a5he@6#FSnWXm8>b|tOK0iE&32fLG|ln#m^<lalj%8$n`!#PbBbbg#$h_M3;p-%=thln`rpx~adzd-"
    "x!Ye~D5Y<#K#y0TZ>m6#{)2wnKuqPy<JQiHq;1JZq;1Wc(yq?eN!ykWd(VsSp2SWsnZBRr-bPp|{AQH}BpN=Y=rTRa$+<8jVj=}j"
    "!W_Lpv0jW@siDB(^EFbvMaLDAy)~l}_$H|1itVR+3u)g%I=B8r#=nN7ZtAN7J0yW4z@xxp9xe)twweA#k+Rx>iwE7VTZ3;CKkL|k"
    "%Q}rv@c>lkIBgMiZESb#{VPB29U1I<PU!i?_Xpi)_{VS@GqdI<;pmp{l&o!|^@Q6c)*tH}9-"
    "nXzJ5RbVJ42a?<Yauv9XpavW;<hB9*FH|hmB+Zx^6Hz<~p&#6C&UZ`Np8kR)I@>8;bf}=%47hFx7LR(6_Oue-"
    "5cAiodAjH$`z3R{>AZDta1wTlA`&A+A-kSy~=5*IUNo7&@po8=Cd8Hc1om2Yh)OcF^~ekZKm1Dnm0$X!COA`<FcFk-"
    "~@<yaod*nTzN-"
    "C3A+JGi2^^$e%N0j<x!g26<KCao?~7OZy<Z5>^y83!ho&5_+^?mnmEfsuw=y;X>sRqm@37_}QQ6VVo_)IxR5}02qS<k6FbVsi0V@"
    "UtaB{P_cyS{Tj@+3_rI0sYkiy**l)fW)5dYbI$IgDL3sr^kC0$a>PxiT{*v<<D;X!%ac#Wa`+cK-oq%jFU_4i``gul7wiw-wWxc;"
    "XFsutUeVFY^S!!0Oz2~LLf47=bgg(m*Nca=OJ15M>d^honlFHA`nBjUE`9#H^Jnf~YoC4(`p2(+w2N=z654)Urv@p}F4DCU{Z@h-"
    "`Tmo0Dv5z|JRF>fsNa7E(zA4sMnsQ;HS6CBs~Gx1@@jZjh3f)8?}yw8_~-z1cyUScLq%_}YIxQG_gs&&0n~)<lI_PSw$}IG-"
    "TJL2=Ri-<5&ZuN)TV6vJ@A52u?bUhs97_hRE91sKU~B4bN%(<b@{s>AtgGv;(@j4)4PQKe=jh%^8Oe23!Ww(82"
)


def good() -> Iterator[Good]:
    for kind in (delimiters, quotes_and_lines, headers, encodings, numerals, packed, binary, json_lines):
        yield from kind()


def bad_texts() -> Iterator[Bad]:
    yield Bad("no byte", b"", ("empty (0 bytes)", "check the export"))
    yield Bad("blank", b" \n\n", ("is empty",))
    yield Bad("only a mark", b"\xef\xbb\xbf", ("is empty",))
    yield Bad("one name twice", b"a,b,a\n1,2,3\n", ("name of its own", "['a']", "rename"))
    yield Bad("names equal but for spaces", b"a, a\n1,2\n", ("['a']",))
    yield Bad("a quote that never closes", b'a,b\n1,"x\n2,y\n3,z\n', ("close every quote",))
    yield Bad(
        "too many columns", b"a,b,c\n1,2,3\n", ("at most 2 columns", "NAS_MAX_COLUMNS"), limits={"NAS_MAX_COLUMNS": "2"}
    )
    yield Bad(
        "too long a cell", b"a,b\n1,xxxxxxxxxxxx\n", ("at most 9 bytes", "'b'", "12"), limits={"NAS_MAX_CELL": "9"}
    )
    yield Bad("a row beyond the block", b"a,b\n1,x\n1," + b"x" * 5_000_000, ("NAS_MAX_CELL",))
    yield Bad("unknown encoding", PLAIN.encode(), ("`encoding`", "'utf-9'"), Dialect(encoding="utf-9"))
    yield Bad("encoding that does not fit", b"a,b\n\xff\xfe\xff,2\n", ("separated values",), Dialect(encoding="utf-8"))
    yield Bad("long delimiter", PLAIN.encode(), ("`delimiter`", "'||'"), Dialect(delimiter="||"))
    yield Bad("more lines to skip than there are", PLAIN.encode(), ("hold rows",), Dialect(skip_rows=9))
    yield Bad("a web page", b"<!DOCTYPE html><html><body>Sign in</body></html>", ("web page",))
    yield Bad("an XML document", b'<?xml version="1.0"?><rows/>', ("XML",))
    yield Bad("a text document", b"{\\rtf1 a,b}", ("text document",))
    yield Bad("another json document", b"[1, 2, 3]", ("list of objects",))
    yield Bad("json that is cut", b'[{"a": 1}, {"a": ', ("list of objects",))
    yield Bad("lines that are no json", b'{"a": 1}\n' + b"{oops\n" * 5, ("JSON Lines", "5 of its lines"))
    yield Bad("deeply nested json", b"[" * 100_000, ("list of objects",))
    yield Bad("a json line without an end", b'{"a": 1}\n{"a": "' + b"x" * 2_000_000, ("NAS_MAX_CELL",))


def bad_binaries() -> Iterator[Bad]:
    whole = parquet({"a": list(range(1000))})
    yield Bad("parquet that is cut", whole[:-20], ("whole Parquet file",))
    yield Bad("parquet with a mark only", b"PAR1", ("whole Parquet file",))
    yield Bad("parquet with damage", whole[:4] + b"\xff" * 60 + whole[64:], ("whole Parquet file",))
    latin = parquet({"a": ["größe"]}, use_dictionary=False, compression="none").replace(
        "größe".encode(), b"gr\xf6\xdfe.."
    )
    yield Bad("parquet with text that is no UTF-8", latin, ("whole Parquet file", "UTF8"))
    short, words = {"NAS_MAX_CELL": "9"}, ("at most 9 bytes", "'b'", "12")
    table = {"a": [1, 2], "b": ["x", "x" * 12]}
    yield Bad("parquet with too long a cell", parquet(table), words, limits=short)
    yield Bad("arrow with too long a cell", arrow(table), words, limits=short)
    yield Bad("xlsx with too long a cell", workbook(("S", [["a", "b"], [1, "x" * 12]])), words, limits=short)
    yield Bad("too many rows", whole, ("at most 10 rows", "NAS_MAX_ROWS", "1,000"), limits={"NAS_MAX_ROWS": "10"})
    yield Bad("arrow that is cut", arrow({"a": list(range(1000))})[:-200], ("whole Arrow",))
    yield Bad("arrow with a name that is no text", arrow({"zz": [1]}).replace(b"zz", b"\xe4\xe4"), ("whole Arrow",))
    yield Bad("arrow with a mark only", b"ARROW1\0\0", ("whole Arrow",))
    book = workbook(("S", [["a"], [1]]))
    yield Bad("xlsx that is cut", book[:-60], ("whole zip file",))
    yield Bad("xls that is cut", zlib.decompress(base85(XLS))[:600], ("Excel workbook",))
    yield Bad("xlsx with empty sheets", workbook(("S", [])), ("'S' is empty",))
    yield Bad("no such sheet", book, ("`sheet`", "['S']", "'T'"), Dialect(sheet="T"))
    yield Bad("a cell at the far end", far_cell(), ("1,048,576 rows of 16,384 columns", "NAS_MAX_SHEET_CELLS"))
    yield Bad("xlsb", zipped(("xl/workbook.bin", b"x")), (".xlsb", "save it as .xlsx"))
    yield Bad("ods", zipped(("mimetype", b"x"), ("content.xml", b"x")), (".ods", "save it as .xlsx"))
    yield Bad("a letter", zipped(("word/document.xml", b"x")), ("document of an office program",))
    inner = zipped(("xl/workbook.xml", b"<a/>"), ("xl/worksheets/sheet1.xml", b"<a>" + b"x" * 3_000_000))
    yield Bad(
        "a spreadsheet that swells", inner, ("at most 1 MB", "NAS_MAX_UNPACKED_MB"), limits={"NAS_MAX_UNPACKED_MB": "1"}
    )
    yield Bad("a spreadsheet that is none", zipped(("xl/workbook.xml", b"<a/>")), ("Excel workbook",))
    kinds = {
        "a PDF": (b"%PDF-1.7", "PDF"),
        "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        "a photo": (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        "a program": (b"\x7fELF\x02\x01", "program"),
        "a pickle": (pickle.dumps({"a": 1}), "can run code"),
        "an array": (b"\x93NUMPY\x01\0", "NumPy"),
        "HDF5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
        "SQLite": (b"SQLite format 3\0", "`query`"),
        "Feather 1": (b"FEA1\0\0", "Feather version 1"),
        "Avro": (b"Obj\x01\x04", "Avro"),
        "ORC": (b"ORC\x10", "ORC"),
        "SPSS": (b"$FL2@(#)", "SPSS"),
        "7z": (b"7z\xbc\xaf\x27\x1c", "7z"),
        "RAR": (b"Rar!\x1a\x07", "RAR"),
        "a tar archive": (tar(PLAIN.encode()), "tar archive"),
        "noise": (bytes(range(256)) * 20, "none of them"),
    }
    for name, (content, word) in kinds.items():
        yield Bad(name, content, (word,))


def bad_archives() -> Iterator[Bad]:
    plain = PLAIN.encode()
    yield Bad("gzip that is cut", gzip.compress(plain * 100)[:-9], ("whole gzip file",))
    yield Bad("gzip with a wrong sum", gzip.compress(plain)[:-8] + b"\0" * 8, ("whole gzip file",))
    yield Bad("gzip of nothing", gzip.compress(b""), ("empty",))
    yield Bad("gzip in gzip", gzip.compress(gzip.compress(plain)), ("packed once",))
    yield Bad("zip in zip", zipped(("t.zip", zipped(("t.csv", plain)))), ("packed once",))
    yield Bad("tar in gzip", gzip.compress(tar(plain)), ("tar archive",))
    yield Bad("bzip2 that is cut", bz2.compress(plain * 999)[:-9], ("whole bzip2 file",))
    yield Bad("xz that is cut", lzma.compress(plain * 999)[:-9], ("whole xz file",))
    yield Bad("zstd that is cut", zstd(plain * 999)[:-9], ("whole zstd file",))
    yield Bad("zip that is cut", zipped(("t.csv", plain * 99))[:-30], ("whole zip file",))
    yield Bad("zip of nothing", zipped(), ("archive of one file", "0"))
    yield Bad("zip of two", zipped(("a.csv", plain), ("b.csv", plain)), ("one file", "2: ['a.csv', 'b.csv']", "folder"))
    for name in ("../t.csv", "/etc/t.csv", "a/../../t.csv", "C:\\t.csv", "..\\t.csv"):
        yield Bad(f"zip with {name}", zipped((name, plain)), ("stay in it", repr(name)[1:-1].replace("\\\\", "\\\\")))
    link = zipped(("t.csv", b"/etc/passwd"), damage=lambda info: setattr(info, "external_attr", 0o120777 << 16))
    yield Bad("zip with a link", link, ("without links", "t.csv"))
    secret = bytearray(zipped(("t.csv", plain)))
    for place in (6, secret.rfind(b"PK\x01\x02") + 8):
        secret[place] |= 1
    yield Bad("zip with a password", bytes(secret), ("without a password",))
    few = {"NAS_MAX_MEMBERS": "2"}
    yield Bad("zip of many", zipped(*((f"{n}", b"") for n in range(3))), ("at most 2 entries", "3"), limits=few)
    bomb, small = b"a,b\n" + b"1,x\n" * 500_000, {"NAS_MAX_UNPACKED_MB": "1"}
    for name, content in {
        "zip": zipped(("t.csv", bomb)),
        "gzip": gzip.compress(bomb),
        "xz": lzma.compress(bomb),
    }.items():
        yield Bad(f"{name} bomb", content, ("at most 1 MB", "NAS_MAX_UNPACKED_MB"), limits=small)
    lying = bytearray(zipped(("t.csv", bomb)))
    place = lying.rfind(b"PK\x01\x02") + 24
    lying[place : place + 4] = struct.pack("<I", 10)
    yield Bad("zip that lies about its size", bytes(lying), ("whole zip file",))


def bad() -> Iterator[Bad]:
    for kind in (bad_texts, bad_binaries, bad_archives):
        yield from kind()

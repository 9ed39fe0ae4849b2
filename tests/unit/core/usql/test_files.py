"""Files in and out: the rules of Extractors and Outputters."""

# ruff: noqa: E501 - scripts read better in one line

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeyard.exceptions import UserErrorException

from shared.core.usql.file_sets import parse_file_set
from tests.unit.core.usql.running import rows_of, run

COLUMNS = "n int, s string"


def extracted(
    folder: Path, content: bytes | str, columns: str = COLUMNS, using: str = "Csv()", name: str = "a.csv"
) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return rows_of(f'@q = EXTRACT {columns} FROM "{folder}/{name}" USING Extractors.{using};', folder)


def test_no_header_is_skipped_unless_told(tmp_path: Path):
    assert extracted(tmp_path, "n,s\n1,a\n", using="Csv(skipFirstNRows: 1)") == ["1|a"]
    with pytest.raises(UserErrorException, match=r"a\.csv, line 1, column n: the text 'n' is no int\."):
        extracted(tmp_path, "n,s\n1,a\n")


def test_quotes_empty_texts_and_nulls(tmp_path: Path):
    content = '1,"a,""b"""\r\n2,\r\n,""\r\n'
    assert extracted(tmp_path, content, "n int?, s string") == ['1|a,"b"', "2|", "~|"]
    assert extracted(tmp_path, "1,NULL\n,x\n", "n int?, s string", 'Csv(nullEscape: "NULL")') == ["1|~", "~|x"]
    assert extracted(tmp_path, '1,"a\n', using="Csv(quoting: false)") == ['1|"a']


def test_delimiters_and_encodings(tmp_path: Path):
    assert extracted(tmp_path, "1\ta,b\n", using="Tsv()") == ["1|a,b"]
    assert extracted(tmp_path, "1;a\n", using="Text(delimiter: ';')") == ["1|a"]
    assert extracted(tmp_path, "1,é\n".encode("utf-16"), using="Csv(encoding: Encoding.Unicode)") == ["1|é"]
    assert extracted(tmp_path, "\ufeff1,é\n") == ["1|é"]
    assert extracted(tmp_path, gzip.compress(b"1,a\n"), name="a.csv.gz") == ["1|a"]
    with pytest.raises(UserErrorException, match="not in the encoding"):
        extracted(tmp_path, "1,é\n", using="Csv(encoding: Encoding.[ASCII])")


def test_types(tmp_path: Path):
    columns = "a byte, b short, c long, d double, e decimal, f bool, g DateTime, h Guid, i char, j float"
    line = "255,-3, 5 ,1e3,1.50,TRUE,2/15/2012 11:53:16 PM,936da01f9abd4d9d80c702af85c822a8,x,.5\n"
    expected = "255|-3|5|1000|1.5|True|2012-02-15T23:53:16.0000000|936da01f-9abd-4d9d-80c7-02af85c822a8|x|0.5"
    assert extracted(tmp_path, line, columns) == [expected]


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        *(("int", text) for text in ("1.5", "1e3", "", "x", "2147483648", "1_000", "0x1")),
        *(("byte", text) for text in ("-1", "256")),
        *(("double", text) for text in ("", "1,5", "abc")),
        *(("bool", text) for text in ("1", "yes", "t")),
        *(("DateTime", text) for text in ("", "epoch", "2012-13-01", "infinity", "x")),
        ("Guid", "936da01f"),
        ("char", "xy"),
        ("decimal", "1e3"),
        ("int?", "x"),
    ],
)
def test_texts_that_are_no_values_are_errors_with_their_place(tmp_path: Path, type_: str, text: str):
    good = {"DateTime": "2012-01-01", "Guid": "936da01f9abd4d9d80c702af85c822a8", "bool": "true"}.get(type_, "1")
    with pytest.raises(UserErrorException) as raised:
        extracted(tmp_path, f'ok,{good}\nbad,"{text}"\n', f"s string, [the value] {type_}")
    assert raised.value.message == f"{tmp_path}/a.csv, line 2, column the value: the text {text!r} is no {type_}."


def test_silent_leaves_out_what_does_not_fit(tmp_path: Path):
    content = "1,a\nx,b\n3\n4,d,e\n5,f\n"
    assert extracted(tmp_path, content, using="Csv(silent: true)") == ["1|a", "5|f"]
    assert extracted(tmp_path, content, "n int?, s string", "Csv(silent: true)") == ["1|a", "~|b", "5|f"]


def test_rows_with_other_numbers_of_columns_are_errors_with_their_place(tmp_path: Path):
    with pytest.raises(UserErrorException, match=r"a\.csv, line 2: 1 columns, but EXTRACT names 2\."):
        extracted(tmp_path, "1,a\n3\n")
    with pytest.raises(UserErrorException, match=r"a\.csv, line 2"):
        extracted(tmp_path, "1,a\n3,b,c\n")


def test_missing_files_are_errors(tmp_path: Path):
    for path, message in (("none.csv", "is not there"), ("{*}.none", "No file fits the pattern"), ("", "is a folder")):
        with pytest.raises(UserErrorException, match=message):
            rows_of(f'@q = EXTRACT n int FROM "{tmp_path}/{path}" USING Extractors.Csv();', tmp_path)


def test_file_sets_give_columns_from_paths(tmp_path: Path):
    for path in ("2024/01/x-eu.csv", "2024/02/y-us.csv", "2024/02/skip.txt", "2023/1/z-eu.csv"):
        file = tmp_path / "logs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{file.stem}\n")
    script = (
        f'@a = EXTRACT name string, at DateTime, region string FROM "{tmp_path}/logs/{{at:yyyy}}/{{at:MM}}/{{*}}-{{region}}.csv" '
        'USING Extractors.Csv(); @q = SELECT name, at.Month AS m, region FROM @a WHERE region != "" ;'
    )
    assert sorted(rows_of(script, tmp_path)) == ["x-eu|1|eu", "y-us|2|us"]


def test_several_paths(tmp_path: Path):
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text(f"{name}\n")
    script = f'DECLARE @d = "{tmp_path}/"; @q = EXTRACT s string FROM @d + "a.csv", (@d + "b.csv", "{tmp_path}/{{*}}c.csv") USING Extractors.Csv();'
    assert sorted(rows_of(script, tmp_path)) == ["a", "b", "c"]


def test_outputters(tmp_path: Path):
    rows = '(VALUES (1, "a,\\"b", (string) null, (int?) null, new DateTime(2024, 1, 2), true)) AS t(n, [the s], z, i, d, b)'
    options = {
        "Csv(outputHeader: true)": '"n","the s","z","i","d","b"\r\n1,"a,""b",,,2024-01-02T00:00:00.0000000,True\r\n',
        "Tsv(quoting: false, outputHeader: true)": 'n\tthe s\tz\ti\td\tb\r\n1\ta,"b\t\t\t2024-01-02T00:00:00.0000000\tTrue\r\n',
        'Text(delimiter: \';\', nullEscape: "#", dateTimeFormat: "yyyy-MM-dd", rowDelimiter: "\\n")': (
            '1;"a,""b";#;#;2024-01-02;True\n'
        ),
    }
    script = f"@q = SELECT * FROM {rows};\n"
    for number, option in enumerate(options):
        script += f'OUTPUT @q TO "{tmp_path}/deep/{number}" USING Outputters.{option};\n'
    run(script + f'OUTPUT @q TO "{tmp_path}/u" USING Outputters.Csv(encoding: Encoding.Unicode);')
    assert [(tmp_path / "deep" / str(n)).read_bytes().decode() for n in range(3)] == list(options.values())
    assert (tmp_path / "u").read_bytes().decode("utf-16-le").startswith('1,"a,')


def test_patterns_are_read_strictly():
    found = parse_file_set("a/{d:yy}-{d:M}/{*}-{x}.csv")
    assert found.match("a/24-7/q-.csv") == {"x": "", "d": "2024-07-01 00:00:00"}
    assert found.match("a/24-7/q/r.csv") is None
    assert parse_file_set("/{x}").folder == "/"
    assert parse_file_set("{x}/{x}").match("a/b") is None


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=8)
ROWS = st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.none() | st.integers(-9, 9), TEXTS, TEXTS), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_rows_survive_and_are_counted_as_python_would(tmp_path: Path, rows: list[tuple[int, int | None, str, str]]):
    source = io.StringIO()
    csv.writer(source, lineterminator="\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    (tmp_path / "in.csv").write_text(source.getvalue(), encoding="utf-8")
    run(
        f'@a = EXTRACT n int, k int?, s string, t string FROM "{tmp_path}/in.csv" USING Extractors.Csv();\n'
        '@b = SELECT n, k, s, t, s + t AS st, n / 7 AS d, n % 7 AS r, k == null || k > 0 AS p FROM @a WHERE s != "x";\n'
        "@c = SELECT k, COUNT(*) AS c, SUM(n) AS total, MAX(s) AS hi FROM @a GROUP BY k;\n"
        f'OUTPUT @b TO "{tmp_path}/b.csv" ORDER BY n, s, t, k USING Outputters.Csv();\n'
        f'OUTPUT @c TO "{tmp_path}/c.csv" ORDER BY k USING Outputters.Csv();'
    )
    kept = sorted(
        (row for row in rows if row[2] != "x"),
        key=lambda row: (row[0], row[2], row[3], -99 if row[1] is None else row[1]),
    )
    assert _read(tmp_path / "b.csv") == [
        [str(n), _text(k), s, t, s + t, str(int(n / 7)), str(n - 7 * int(n / 7)), str(k is None or k > 0)]
        for n, k, s, t in kept
    ]
    keys = sorted({row[1] for row in rows}, key=lambda key: -99 if key is None else key)
    groups = {key: [row for row in rows if row[1] == key] for key in keys}
    assert _read(tmp_path / "c.csv") == [
        [_text(key), str(len(group)), str(sum(row[0] for row in group)), max(row[2] for row in group)]
        for key, group in groups.items()
    ]


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))

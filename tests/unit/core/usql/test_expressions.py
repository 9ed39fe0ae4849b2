"""C#'s meaning of expressions, run by the database."""

from pathlib import Path

import pytest
from pipeyard.exceptions import UserErrorException

from tests.unit.core.usql.running import results

ROW = (
    "(VALUES (7, -7, (int?) null, \"Héllo\", (string) null, new DateTime(2024, 2, 29), 2.5, 'x', true, 5L, 1.25M)) "
    "AS t(i, m, n, s, z, d, f, c, b, l, k)"
)
CASES = {
    # whole numbers stay whole
    "i / 2": "3",
    "m / 2": "-3",
    "m % 2": "-1",
    "i / 2.0": "3.5",
    "i % 2 == 1 ? i * 2 : 0": "14",
    "-i + +3": "-4",
    "l + i": "12",
    "k * 2": "2.5",
    "k / 2": "0.625",
    "f % 2": "0.5",
    "1.0 / 0": "Infinity",
    "-1.0 / 0": "-Infinity",
    "0.0 / 0": "NaN",
    "1e20": "1E+20",
    "5.0": "5",
    "0.1 + 0.2": "0.30000000000000004",
    # nulls
    "n + 1": "~",
    "n == null": "True",
    "n != null": "False",
    "n == (int?) null": "True",
    "n != 5": "True",
    "n < 5": "False",
    "n >= 5": "False",
    "!(n < 5)": "True",
    "n ?? 4": "4",
    "n ?? 4L": "4",
    'z ?? "none"': "none",
    "n.HasValue": "False",
    "n.HasValue ? n.Value : -1": "-1",
    "n.GetValueOrDefault()": "0",
    "z == null || z.Length > 0": "True",
    "z != null && z.Length > 0": "False",
    "n IS NULL AND NOT z IS NOT NULL": "True",
    "n IN (1, 2)": "False",
    "n NOT IN (1, 2)": "True",
    "i IN (1, 7)": "True",
    "i BETWEEN 7 AND 8": "True",
    "i NOT BETWEEN 7 AND 8": "False",
    's LIKE "H%"': "True",
    "true ? (int?) null : i": "~",
    "i > 0 ? n : i": "~",
    # strings
    '"a" + z + "b"': "ab",
    "s + i + b + f + k + c": "Héllo7True2.51.25x",
    "s.Length": "5",
    "s.ToUpper()": "HÉLLO",
    "s.Substring(1)": "éllo",
    "s.Substring(1, 2)": "él",
    "s.Substring(5)": "",
    's.IndexOf("l")': "2",
    "s.IndexOf('q')": "-1",
    's.IndexOf("")': "0",
    's.Contains("éll") && s.StartsWith("H") && s.EndsWith("lo")': "True",
    's.Replace("l", null)': "Héo",
    '" \\ta ".Trim() + "!"': "a!",
    '" a ".TrimEnd() + "!"': " a!",
    '"a".PadLeft(3) + "b".PadRight(3, \'-\')': "  ab--",
    '"abcd".PadLeft(2)': "abcd",
    'string.IsNullOrEmpty(z) && String.IsNullOrWhiteSpace(" \\n")': "True",
    'string.Compare("a", "b") < 0': "True",
    's == "Héllo" && s != null && !s.Equals(z)': "True",
    '@"a\\b""c"': 'a\\b"c',
    '"\\u0041\\x42\\\\"': "AB\\",
    # dates
    "d.Year + d.Month + d.Day": "2055",
    'd.AddDays(1.5).ToString("yyyy-MM-dd HH:mm:ss.fff")': "2024-03-01 12:00:00.000",
    'd.AddYears(1).ToString("d MMM yy, dddd")': "28 Feb 25, Friday",
    'd.AddMonths(-1).ToString("MM/dd/yyyy h:mm tt")': "01/29/2024 12:00 AM",
    'd.AddHours(30).Date == DateTime.Parse("2024-03-01")': "True",
    '(DateTime.Parse("3/1/2024 6:00:00 PM") - d).TotalHours': "42",
    "d > new DateTime(2024, 1, 1, 12, 30, 59)": "True",
    "d": "2024-02-29T00:00:00.0000000",
    # numbers
    "(int) 2.9": "2",
    "(int) -2.9": "-2",
    "(int?) i": "7",
    "(long) i + int.MaxValue": "2147483654",
    "(double) i / 2": "3.5",
    "(int) 'A'": "65",
    "Convert.ToInt32(2.5)": "2",
    "Convert.ToInt32(3.5)": "4",
    'Convert.ToInt32("12") + int.Parse(" -2 ")': "10",
    "Convert.ToInt32(z)": "0",
    "Convert.ToString(b)": "True",
    'double.Parse("1e3")': "1000",
    'bool.Parse("TRUE")': "True",
    "Math.Round(2.5)": "2",
    "Math.Round(0.125, 2)": "0.12",
    "Math.Max(i, 3) + Math.Abs(m)": "14",
    "Math.Pow(2, 10)": "1024",
    "Math.Floor(-2.5)": "-3",
    "i.ToString() + b.ToString()": "7True",
    'Guid.Parse("{936DA01F-9ABD-4D9D-80C7-02AF85C822A8}")': "936da01f-9abd-4d9d-80c7-02af85c822a8",
}


def test_values(tmp_path: Path):
    found = results(tmp_path, *CASES, source=ROW)
    assert dict(zip(CASES, found, strict=True)) == CASES


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("z.Length", "A member of a null was used."),
        ("n.Value", "A null was used where a value is needed."),
        ("(int) n", "A null was used"),
        ("s.Substring(3, 9)", "Substring(3, 9) is outside of a text of 5 characters."),
        ("int.Parse(s)", 'The text "Héllo" is no int.'),
        ("i / (i - 7)", "Division by zero"),
        ("i * int.MaxValue", "Overflow"),
    ],
)
def test_what_fails_in_csharp_ends_the_script(tmp_path: Path, expression: str, message: str):
    with pytest.raises(UserErrorException, match=r".") as raised:
        results(tmp_path, expression, source=ROW)
    assert message in raised.value.message
    assert raised.value.message.startswith("@q: ")

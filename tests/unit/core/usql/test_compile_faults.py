"""Scripts that are refused: each fault with its line and column, all of them at once, before anything runs."""

# ruff: noqa: E501 - scripts read better in one line

import pytest

from tests.unit.core.usql.running import faults

HEAD = """@a = EXTRACT Id int, Name string, Size int?, At DateTime FROM "a.csv" USING Extractors.Csv();
OUTPUT @a TO "a.out" USING Outputters.Csv();
"""


def of(statement: str) -> list[str]:
    return faults(HEAD + statement)


STATEMENTS = {
    # not covered, by name
    "CREATE DATABASE x;": "3,1: CREATE DATABASE is not covered. There is no catalogue here",
    "USE DATABASE x;": "3,1: USE DATABASE is not covered.",
    "REFERENCE ASSEMBLY x;": "3,1: REFERENCE ASSEMBLY is not covered. Code of C# cannot be run here",
    "@b = REDUCE @a ON Id PRODUCE Id int USING new R();": "3,6: REDUCE is not covered.",
    "@b = PROCESS @a PRODUCE Id int USING new P();": "3,6: PROCESS is not covered.",
    "@b = COMBINE @a AS a WITH @a AS b ON a.Id == b.Id PRODUCE Id int USING new C();": "3,6: COMBINE is not",
    "@b = SELECT Id FROM @a CROSS APPLY EXPLODE(Name.Split(';')) AS t(x);": "3,30: APPLY is not covered. Rows cannot",
    '@b = SELECT Id FROM @a PIVOT (MAX(Id) FOR Name IN ("a" AS x)) AS p;': "3,24: PIVOT is not covered.",
    'IF (1 == 1) THEN\nOUTPUT @a TO "b" USING Outputters.Csv();': "3,1: IF is not covered.",
    "@b = SELECT Helper.Clean(Name) AS n FROM @a;": "3,13: There is no column `Helper` here.",
    "@b = SELECT Clean(Name) AS n FROM @a;": "3,13: `Clean` is not covered. Functions of C# code of your own",
    "@b = SELECT Name.Split(';') AS n FROM @a;": "3,18: `Split` is not covered. Columns of arrays",
    '@b = SELECT string.Format("{0}", Name) AS n FROM @a;': "3,20: `string.Format` is not covered. Join the parts",
    "@b = SELECT DateTime.Now AS n FROM @a;": "3,22: `DateTime.Now` is not covered. The result would not be the same",
    "@b = SELECT Guid.NewGuid() AS n FROM @a;": "3,18: `Guid.NewGuid` is not covered.",
    '@b = SELECT Regex.IsMatch(Name, "x") AS n FROM @a;': "3,19: `Regex.IsMatch` is not covered. Use Contains",
    "@b = SELECT ARRAY_AGG(Name) AS n FROM @a;": "3,13: ARRAY_AGG is not covered.",
    '@b = EXTRACT x int FROM "b" USING new MyExtractor();': "3,35: new MyExtractor is not covered. Code of C# cannot",
    '@b = EXTRACT x int FROM "b" USING My.Extractor();': "3,38: Only Extractors.Csv(...)",
    # syntax
    "@b = select * FROM @a;": "3,6: Keywords are upper case: write `SELECT`.",
    "@b = SELECT Id, FROM @a;": "3,17: `FROM` cannot stand here.",
    "@b = SELECT Id FROM @a WHERE Id = 3;": "3,33: `=` cannot stand here.",
    '@b = SELECT "x AS n FROM @a;': "3,13: The string does not end.",
    "@b = SELECT Id FROM;": "3,20: The statement ends too early.",
    "@b = SELECT * FROM @a": "3,22: The statement does not end: a `;` is missing.",
    "@b = SELECT Id & 1 AS x FROM @a;": "3,16: `&` cannot stand here.",
    "@b = SELECT 'ab' AS x FROM @a;": "3,13: ",
    "@b = SELECT 99999999999999999999 AS x FROM @a;": "3,13: The number is too large for ulong.",
    # names
    "@b = SELECT Nme FROM @a;": "3,13: There is no column `Nme` here. Did you mean `Name`?",
    "@b = SELECT name FROM @a;": "3,13: There is no column `name` here. Did you mean `Name`?",
    "@b = SELECT a.Idd FROM @a AS a;": "3,15: `a` has no column `Idd`. Did you mean `Id`?",
    "@b = SELECT * FROM @c;": "3,20: The rowset `@c` is not known.",
    "@b = SELECT Id + @x AS y FROM @a;": "3,18: The variable `@x` is not declared.",
    "@a = SELECT * FROM @a;": "3,1: The rowset `@a` is there already: use another name.",
    "DECLARE @x int = 1; DECLARE @x int = 2;": "3,21: The variable `@x` is declared twice.",
    "@b = SELECT Id FROM @a AS x INNER JOIN @a AS y ON x.Id == y.Id;": "3,13: `Id` is ambiguous: write `x.Id`.",
    "@b = SELECT Id FROM @a INNER JOIN @a ON 1 == 1;": "3,24: `@a` is there already: give one of them",
    "@b = SELECT x.*, y.Id FROM @a AS x INNER JOIN @a AS y ON x.Id == y.Id;": "3,6: There are two columns `Id`",
    "@b = SELECT Id + 1 FROM @a;": "3,13: An expression needs a name: write `AS name` behind it.",
    'OUTPUT @z TO "z" USING Outputters.Csv();': "3,1: The rowset `@z` is not known.",
    'OUTPUT @a TO "a.out" USING Outputters.Csv();': "3,14: Another OUTPUT writes this file already.",
    'OUTPUT @a TO "{Id}.csv" USING Outputters.Csv();': "3,14: Patterns in OUTPUT are not covered",
    # types
    "@b = SELECT Id + At AS x FROM @a;": "3,16: `+` does not work with `int` and `DateTime`.",
    "@b = SELECT 1.0M + 1.0 AS x FROM @a;": "3,18: `+` does not work with `decimal` and `double`. Cast one",
    "@b = SELECT * FROM @a WHERE Name == 3;": "3,34: `==` does not work with `string` and `int`.",
    '@b = SELECT * FROM @a WHERE Name < "x";': "3,34: `<` does not work with `string` and `string`. Write `string.Com",
    "@b = SELECT * FROM @a WHERE Id;": "3,29: A condition must be `bool`, but this is `int`.",
    "@b = SELECT * FROM @a WHERE Id == null;": "3,32: A value of type `int` is never null.",
    "@b = SELECT Id ?? 1 AS x FROM @a;": "3,16: The left side of `??` is of type `int`: never null.",
    '@b = SELECT Id > 1 ? 1 : "x" AS x FROM @a;': "3,13: Both values of `? :` must be of one type",
    "@b = SELECT Id > 1 ? 1 : null AS x FROM @a;": "3,13: Both values of `? :` must be of one type",
    "@b = SELECT null AS x FROM @a;": "3,13: A column cannot be of type `null`. Cast it",
    "@b = SELECT At - At AS x FROM @a;": "3,13: A column cannot be of type `TimeSpan`.",
    "@b = SELECT (string) Id AS x FROM @a;": "3,13: A value of type `int` cannot be cast to `string`. Write `.ToString",
    "@b = SELECT (int) Name AS x FROM @a;": "3,13: A value of type `string` cannot be cast to `int`. Write `int.Parse",
    "@b = SELECT Size.ToString() AS x FROM @a;": "3,18: `int?` has no member `ToString` that is covered. It may be null",
    "@b = SELECT Name.Lenth AS x FROM @a;": "3,18: `string` has no member `Lenth` that is covered. Did you mean `Length`?",
    "@b = SELECT Name.Substring(Name) AS x FROM @a;": "3,18: `Substring` takes (int) or (int, int), not (string).",
    "@b = SELECT Math.Abs(Name) AS x FROM @a;": "3,18: `Math.Abs` takes (int), (long), (decimal) or (double), not (string).",
    "@b = SELECT Name + At AS x FROM @a;": "3,20: How a DateTime looks as a text depends on the computer",
    '@b = SELECT At.ToString("g") AS x FROM @a;': "3,16: The format `g` is not covered.",
    "@b = SELECT At.DayOfWeek AS x FROM @a;": '3,16: `DayOfWeek` is not covered. Write `.ToString("dddd")`.',
    'DECLARE @x int = "a";': "3,1: A value of type `string` is no `int`.",
    '@b = SELECT * FROM (VALUES (1), ("a")) AS t(x);': "3,29: The values of column `x` must be of one type",
    "@b = SELECT * FROM (VALUES (1, 2)) AS t(x);": "3,29: The row has 2 values for the 1 columns of `t`.",
    "@b = SELECT Id FROM @a UNION ALL SELECT Name FROM @a;": "3,24: Column `Id` is `int` on the left of UNION",
    "@b = SELECT Id FROM @a EXCEPT SELECT Id, Name FROM @a;": "3,24: The sides of EXCEPT have 1 and 2 columns.",
    # aggregates and windows
    "@b = SELECT Name, SUM(Size) AS s FROM @a;": "3,13: `Name` is neither in GROUP BY nor inside of an aggregate.",
    "@b = SELECT Name FROM @a GROUP BY Id;": "3,13: `Name` is neither in GROUP BY nor",
    "@b = SELECT * FROM @a WHERE COUNT(*) > 1;": "3,29: The aggregate COUNT cannot stand in WHERE.",
    "@b = SELECT SUM(COUNT(*)) AS x FROM @a;": "3,17: The aggregate COUNT cannot stand in the argument of SUM.",
    "@b = SELECT SUM(Name) AS x FROM @a;": "3,13: SUM needs a number, not `string`.",
    "@b = SELECT * FROM @a GROUP BY Id;": "3,13: `*` cannot stand beside GROUP BY",
    "@b = SELECT RANK() AS r FROM @a;": "3,13: RANK needs OVER (...).",
    "@b = SELECT RANK() OVER (PARTITION BY Id) AS r FROM @a;": "3,13: RANK needs an ORDER BY in OVER (...).",
    "@b = SELECT Id FROM @a WHERE ROW_NUMBER() OVER (ORDER BY Id) < 3;": "3,30: OVER cannot stand in WHERE",
    '@b = SELECT LAG(Id, "x") OVER (ORDER BY Id) AS r FROM @a;': "3,13: LAG takes a column, a number",
    "@b = SELECT * FROM @a ORDER BY Id;": "3,23: Rowsets have no order: ORDER BY needs a FETCH here.",
    "@b = SELECT * FROM @a AS x RIGHT SEMIJOIN @a AS y ON x.Id == y.Id;": "3,28: RIGHT SEMIJOIN is not covered.",
    # extractors and outputters
    '@b = EXTRACT x int FROM "b" USING Extractors.Xml();': "3,46: `Extractors.Xml` is not covered.",
    "@b = EXTRACT x int FROM \"b\" USING Extractors.Csv(delimiter: ';');": "3,50: The argument `delimiter` of Extractors.Csv does not",
    '@b = EXTRACT x int FROM "b" USING Extractors.Text(delimiter: ";;");': "3,62: The argument `delimiter` must be one character",
    '@b = EXTRACT x int FROM "b" USING Extractors.Csv(skipFirstNRow: 1);': "3,50: The argument `skipFirstNRow` of Extractors.Csv does not exist. Did you mean `skipFirstNRows`?",
    '@b = EXTRACT x int FROM "b" USING Extractors.Csv(skipFirstNRows: -1);': "3,66: The argument `skipFirstNRows` must be a number",
    '@b = EXTRACT x int FROM "b" USING Extractors.Csv(silent: 1);': "3,58: The argument `silent` must be true or false.",
    '@b = EXTRACT x int FROM "b" USING Extractors.Csv(encoding: Encoding.UTF7);': "3,69: The argument `encoding` must be Encoding.UTF8",
    "@b = EXTRACT x int FROM \"b\" USING Extractors.Csv(escapeCharacter: 'x');": "3,50: The argument `escapeCharacter` of Extractors.Csv is not covered.",
    '@b = EXTRACT x int, x string FROM "b" USING Extractors.Csv();': "3,1: There are two columns `x`",
    '@b = EXTRACT x int FROM "{d:yyyy}.csv" USING Extractors.Csv();': "3,25: The path gives a column `d`, which EXTRACT does not",
    '@b = EXTRACT x int, d string FROM "{d:yyyy}.csv" USING Extractors.Csv();': "3,35: The path gives dates: column `d`",
    '@b = EXTRACT x int FROM "{x y}.csv" USING Extractors.Csv();': "3,25: `{x y}` cannot stand in a path",
    '@b = EXTRACT x string FROM "{x}.csv" USING Extractors.Csv();': "3,28: At least one column must come from",
    '@b = EXTRACT x byte[] FROM "b" USING Extractors.Csv();': "3,20: `[` cannot stand here.",
    'OUTPUT @a TO "b" USING Outputters.Csv(skipFirstNRows: 1);': "3,39: The argument `skipFirstNRows` of Outputters.Csv does",
    'OUTPUT @a TO "b" USING Outputters.Csv(dateTimeFormat: "g");': "3,55: The argument `dateTimeFormat` must be a format",
    "OUTPUT @a TO Math.Abs(1) USING Outputters.Csv();": "3,19: A path must be a constant text that is not empty.",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_one_fault(statement: str):
    found = of(statement)
    assert len(found) == 1, found
    assert found[0].startswith(STATEMENTS[statement]), found


def test_all_faults_are_told_at_once_and_not_twice():
    script = """@a = EXTRACT Id int FROM "a.csv" USING Extractors.Csv(quoting: 1);
@b = SELECT Nope, Id FROM @a;
@c = SELECT Id FROM @b WHERE Id;
@d = SELECT x FROM (VALUES (1)) AS t(y);
@e = SELECT 1 +, FROM @d;
OUTPUT @c TO "c" USING Outputters.Csv();
OUTPUT @nope TO "d" USING Outputters.Csv(outputHeader: 3, quoting: 4);
"""
    places = [each.partition(": ")[0] for each in faults(script)]
    assert places == ["1,64", "4,13", "5,16", "7,1", "7,56", "7,68"]


def test_names_of_statements_that_cannot_be_read_are_not_missed():
    script = "DECLARE @x = ; @a = SELECT FROM; @b = REDUCE @a; @c = SELECT * FROM @a; @d = SELECT @x AS y FROM @b;"
    assert [each.partition(": ")[0] for each in faults(f"{script} OUTPUT @c TO @x USING Outputters.Csv();")] == [
        "1,14",
        "1,28",
        "1,39",
    ]


def test_a_script_without_output_does_nothing():
    assert faults("DECLARE @x int = 1;") == ["1,1: The script writes nothing: an OUTPUT statement is missing."]


def test_comments_and_strings_hide_what_is_in_them():
    assert of('// CREATE TABLE x;\n/* REDUCE\n; */ OUTPUT @a TO "CREATE; // x" USING Outputters.Csv();') == []


def test_positions_are_those_of_the_script_before_values_were_put_in():
    script = (
        'DECLARE @a string = "@@in@@" + "@@in@@"; DECLARE @b int = nope;\nOUTPUT @c TO "@@n@@" USING Outputters.Csv();'
    )
    found = faults(script, {"in": "a much longer text than its name", "n": "1"})
    assert [each.partition(": ")[0] for each in found] == ["1,59", "2,1"]

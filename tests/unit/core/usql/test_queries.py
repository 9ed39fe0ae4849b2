"""Queries run by the database: joins, groups, windows, sets and orders."""

# ruff: noqa: E501, ISC004 - scripts read better in one line

from pathlib import Path

import pytest

from tests.unit.core.usql.running import rows_of

DATA = """@people = SELECT * FROM (VALUES
    (1, "Noah", (int?) 10, 5), (2, "Sophia", (int?) 10, 7), (3, "Liam", (int?) 20, 1), (4, "Emma", (int?) null, 3)
) AS t(Id, Name, Team, Points);
@teams = SELECT * FROM (VALUES ((int?) 10, "red"), ((int?) 30, "blue"), ((int?) null, "nobody")) AS t(Team, Colour);
"""
QUERIES = {
    "select Id": ("@q = SELECT Id AS [odd name], Name FROM @people WHERE Id > 2;", "3|Liam 4|Emma"),
    "distinct": ("@q = SELECT DISTINCT Team FROM @people;", "~ 10 20"),
    "inner": (
        "@q = SELECT p.Name, t.Colour FROM @people AS p INNER JOIN @teams AS t ON p.Team == t.Team;",
        "Emma|nobody Noah|red Sophia|red",
    ),
    "left": (
        "@q = SELECT p.Id, t.Colour FROM @people AS p LEFT OUTER JOIN @teams AS t ON p.Team == t.Team;",
        "1|red 2|red 3|~ 4|nobody",
    ),
    "right": (
        "@q = SELECT p.Id, t.Colour FROM @people AS p RIGHT JOIN @teams AS t ON p.Team == t.Team AND p.Id < 2;",
        "~|blue ~|nobody 1|red",
    ),
    "full": (
        "@q = SELECT p.Id, t.Colour FROM @people AS p FULL OUTER JOIN @teams AS t ON p.Team == t.Team;",
        "~|blue 1|red 2|red 3|~ 4|nobody",
    ),
    "cross": (
        "@q = SELECT p.Id, t.Colour FROM @people AS p CROSS JOIN @teams AS t WHERE p.Id == 1;",
        "1|blue 1|nobody 1|red",
    ),
    "semi": ("@q = SELECT Id FROM @people AS p SEMIJOIN @teams AS t ON p.Team == t.Team;", "1 2 4"),
    "anti": ("@q = SELECT p.* FROM @people AS p LEFT ANTISEMIJOIN @teams AS t ON p.Team == t.Team;", "3|Liam|20|1"),
    "three joins": (
        "@q = SELECT a.Id, b.Id AS Other FROM @people AS a JOIN @people AS b ON a.Team == b.Team "
        'JOIN (SELECT Team FROM @teams WHERE Colour == "red") AS c ON c.Team == b.Team WHERE a.Id < b.Id;',
        "1|2",
    ),
    "subquery": ("@q = SELECT x.n FROM (SELECT COUNT(*) AS n FROM @people) AS x;", "4"),
    "rowset as qualifier": ("@q = SELECT @people.Id FROM @people WHERE @people.Points == 7;", "2"),
    "group": (
        "@q = SELECT Team, COUNT(*) AS n, SUM(Points) AS s, AVG(Points) AS a, MIN(Name) AS lo, MAX(Points) * 2 AS hi "
        "FROM @people GROUP BY Team;",
        "~|1|3|3|Emma|6 10|2|12|6|Noah|14 20|1|1|1|Liam|2",
    ),
    "group by expression": (
        '@q = SELECT Name.Substring(0, 1) + "!" AS k, COUNT(DISTINCT Team) AS n FROM @people GROUP BY Name.Substring(0, 1);',
        "E!|0 L!|1 N!|1 S!|1",
    ),
    "having": ("@q = SELECT Team, COUNT(*) AS n FROM @people GROUP BY Team HAVING n > 1 && SUM(Points) > 3;", "10|2"),
    "whole": (
        "@q = SELECT SUM(Points) AS s, COUNT(Team) AS n, VAR(Points) AS v, STDEVP(Points) AS d FROM @people WHERE Id < 3;",
        "12|2|2|1",
    ),
    "nothing": ("@q = SELECT SUM(Points) AS s, COUNT(*) AS n, MAX(Id) AS m FROM @people WHERE Id > 9;", "~|0|~"),
    "conditional sums": ("@q = SELECT SUM(Team == 10 ? Points : 0) AS s, ANY_VALUE(1) AS one FROM @people;", "12|1"),
    "windows": (
        "@q = SELECT Id, ROW_NUMBER() OVER (PARTITION BY Team ORDER BY Points DESC) AS r, SUM(Points) OVER (PARTITION BY Team) AS s, "
        'LAG(Name, 1, "-") OVER (ORDER BY Id) AS p, LEAD(Id) OVER (ORDER BY Id) AS f FROM @people;',
        "1|2|12|-|2 2|1|12|Noah|3 3|1|1|Sophia|4 4|1|3|Liam|~",
    ),
    "frames": (
        "@q = SELECT Id, SUM(Points) OVER (ORDER BY Id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, "
        "COUNT(*) OVER (ORDER BY Id ROWS UNBOUNDED PRECEDING) AS c, NTILE(2) OVER (ORDER BY Id) AS t, "
        "RANK() OVER (ORDER BY Team) AS k, DENSE_RANK() OVER (ORDER BY Team) AS d FROM @people;",
        "1|5|1|1|2|2 2|12|2|1|2|2 3|8|3|2|4|3 4|4|4|2|1|1",
    ),
    "window over groups": (
        "@q = SELECT Team, RANK() OVER (ORDER BY SUM(Points) DESC) AS r FROM @people GROUP BY Team;",
        "~|2 10|1 20|3",
    ),
    "union all": ("@q = SELECT Team FROM @people UNION ALL SELECT Team FROM @teams;", "~ ~ 10 10 10 20 30"),
    "union": ("@q = SELECT Team FROM @people UNION SELECT Team FROM @teams;", "~ 10 20 30"),
    "except": ("@q = SELECT Team FROM @people EXCEPT SELECT Team FROM @teams;", "20"),
    "intersect": ("@q = (SELECT Team FROM @people) INTERSECT DISTINCT (SELECT Team FROM @teams);", "~ 10"),
    "fetch": ("@q = SELECT Name FROM @people ORDER BY Points DESC FETCH 2 ROWS;", "Noah Sophia"),
    "offset": (
        "@q = SELECT Id, Points + 1 AS p FROM @people ORDER BY p OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY;",
        "1|6 4|4",
    ),
    "fetch of a union": (
        "@q = SELECT Id FROM @people UNION ALL SELECT 9 AS n FROM @teams ORDER BY Id DESC FETCH FIRST 1 ROW;",
        "9",
    ),
    "fetch of distinct": ("@q = SELECT DISTINCT Points > 3 AS b FROM @people ORDER BY b DESC FETCH 1 ROWS;", "True"),
    "variables": (
        'DECLARE CONST @least int = 2 + 1; DECLARE @suffix = "!"; @q = SELECT Name + @suffix AS n FROM @people WHERE Id > @least;',
        "Emma!",
    ),
    "same name in other case": ("@q = SELECT Id AS a, Points AS A FROM @people WHERE Id == 1;", "1|5"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_queries(tmp_path: Path, name: str):
    query, expected = QUERIES[name]
    assert " ".join(sorted(rows_of(DATA + query, tmp_path), key=_key)) == expected


def _key(line: str) -> tuple[bool, str]:
    return not line.startswith("~"), line


def test_output_order_puts_null_first_and_last(tmp_path: Path):
    query = DATA + "@q = SELECT Team, Id FROM @people;"
    assert rows_of(query, tmp_path, "ORDER BY Team, Id DESC") == ["~|4", "10|2", "10|1", "20|3"]
    assert rows_of(query, tmp_path, "ORDER BY Team DESC, Id FETCH 3 ROWS") == ["20|3", "10|1", "10|2"]
    assert rows_of(query, tmp_path, "ORDER BY Id % 2, Id DESC") == ["~|4", "10|2", "20|3", "10|1"]

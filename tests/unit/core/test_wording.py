from shared.core.wording import Suggester, listed, quoted, shorten


def test_long_texts_are_cut():
    assert shorten("x" * 60) == "x" * 60
    assert shorten("x" * 61) == "x" * 59 + "…"
    assert quoted("\ud800") == "`?`"


def test_lists_read_like_sentences():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"], last="or") == "a, b or c"
    assert listed(["a", "b", "c"], limit=3) == "a, b and c"
    assert listed(["a", "b", "c"], limit=2) == "a, b and 1 more"


def test_suggests_the_nearest_name_whatever_its_case():
    assert Suggester().suggest("TRIAN", ["prepare", "train"]) == "Did you mean `train`?"


def test_names_all_where_they_are_few_and_none_is_near():
    assert Suggester().suggest("zzz", ["a", "b"]) == "Known here: `a`, `b`."
    assert Suggester().suggest("zzz", ["a", "b"], list_all=False) is None
    assert Suggester().suggest("zzz", []) is None
    assert Suggester().suggest("zzz", [f"a{i}" for i in range(11)]) is None


def test_stops_when_the_budget_is_spent():
    known = [f"step{i}" for i in range(50)]
    suggester = Suggester(comparisons=100)
    assert [suggester.suggest("step7x", known) is None for _ in range(3)] == [False, False, True]

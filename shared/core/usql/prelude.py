"""Macros that the SQL of scripts relies on: what C# and U-SQL do where SQL has no word for it."""

_SPACES = "chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133) || chr(160)"
_WHOLE = r"\s*[+-]?[0-9]+\s*"
_DECIMAL = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*"
_REAL = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_ISO = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_FORMATS = ", ".join(f"'{date}{time}'" for date in ("%m/%d/%Y", "%Y/%m/%d") for time in _TIMES)
_GUID = r"\s*[{(]?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}[)}]?\s*"

# ruff: noqa: E501, ISC004 - one macro after the other
PRELUDE = (
    f"CREATE MACRO usql_trim(x) AS trim(x, {_SPACES})",
    f"CREATE MACRO usql_trim_start(x) AS ltrim(x, {_SPACES})",
    f"CREATE MACRO usql_trim_end(x) AS rtrim(x, {_SPACES})",
    "CREATE MACRO usql_value(x) AS CASE WHEN x IS NULL THEN error('A null was used where a value is needed.') ELSE x END",
    "CREATE MACRO usql_object(x) AS CASE WHEN x IS NULL THEN error('A member of a null was used.') ELSE x END",
    "CREATE MACRO usql_substring(x, s, n) AS CASE WHEN s < 0 OR n < 0 OR s + n > length(x) THEN "
    "error('Substring(' || s || ', ' || n || ') is outside of a text of ' || length(x) || ' characters.') "
    "ELSE substr(x, s + 1, n) END",
    "CREATE MACRO usql_pad_left(x, n, c) AS CASE WHEN length(x) >= n THEN x ELSE lpad(x, n, c) END",
    "CREATE MACRO usql_pad_right(x, n, c) AS CASE WHEN length(x) >= n THEN x ELSE rpad(x, n, c) END",
    "CREATE MACRO usql_index(x, y) AS CAST(CASE WHEN y = '' THEN 0 ELSE instr(x, y) - 1 END AS INTEGER)",
    "CREATE MACRO usql_compare(x, y) AS CASE WHEN x IS NOT DISTINCT FROM y THEN 0 WHEN x IS NULL THEN -1 "
    "WHEN y IS NULL THEN 1 WHEN x < y THEN -1 ELSE 1 END",
    "CREATE MACRO usql_bool_text(x) AS CASE WHEN x THEN 'True' WHEN NOT x THEN 'False' END",
    "CREATE MACRO usql_real_text(x) AS CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN "
    "CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END "
    r"ELSE upper(regexp_replace(regexp_replace(CAST(x AS VARCHAR), '\.0$', ''), '\.0e', 'e')) END",
    r"CREATE MACRO usql_decimal_text(x) AS regexp_replace(regexp_replace(CAST(x AS VARCHAR), '0+$', ''), '\.$', '')",
    f"CREATE MACRO usql_is_whole(x) AS regexp_full_match(x, '{_WHOLE}')",
    f"CREATE MACRO usql_is_decimal(x) AS regexp_full_match(x, '{_DECIMAL}')",
    f"CREATE MACRO usql_is_real(x) AS regexp_full_match(x, '{_REAL}')",
    f"CREATE MACRO usql_is_guid(x) AS regexp_full_match(x, '{_GUID}')",
    "CREATE MACRO usql_try_bool(x) AS CASE lower(usql_trim(x)) WHEN 'true' THEN true WHEN 'false' THEN false END",
    f"CREATE MACRO usql_try_time(x) AS CASE WHEN regexp_full_match(usql_trim(x), '{_ISO}') "
    "THEN TRY_CAST(usql_trim(x) AS TIMESTAMP) "
    f"WHEN regexp_matches(x, '^\\s*[0-9]') THEN try_strptime(usql_trim(x), [{_FORMATS}]) END",
    "CREATE MACRO usql_try_guid(x) AS CASE WHEN usql_is_guid(x) "
    "THEN TRY_CAST(replace(trim(usql_trim(x), '{}()'), '-', '') AS UUID) END",
    "CREATE MACRO usql_parsed(v, x, t) AS CASE WHEN v IS NULL "
    "THEN error('The text \"' || coalesce(x, '(null)') || '\" is no ' || t || '.') ELSE v END",
)

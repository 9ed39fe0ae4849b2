"""The grammar of U-SQL's statements and of the C# expressions in them, one statement at a time."""

GRAMMAR = r"""
?start: statement END | OTHER END OTHER -> nothing
?statement: declare | assign | extract | output

declare: "DECLARE" [DECLARE_MODE] VARIABLE [type] "=" expr
assign: VARIABLE "=" query
extract: VARIABLE "=" "EXTRACT" column_def ("," column_def)* "FROM" path ("," path)* "USING" expr
output: "OUTPUT" VARIABLE "TO" expr [ordering] "USING" expr
column_def: name type
?path: expr | "(" expr ("," expr)+ ")" -> paths
type: TYPE [QUESTION]

query: set_query [ordering]
?set_query: query_term | set_query set_operator query_term -> set_operation
!set_operator: ("UNION" | "EXCEPT" | "INTERSECT") ["ALL" | "DISTINCT"]
?query_term: select | "(" query ")"
select: "SELECT" [DISTINCT] select_item ("," select_item)* "FROM" _sources [where] [group_by] [having]
?select_item: STAR -> star | expr ["AS" name] -> item
where: "WHERE" expr
group_by: "GROUP" "BY" expr ("," expr)*
having: "HAVING" expr
ordering: "ORDER" "BY" sort ("," sort)* [offset] [fetch]
sort: expr [DIRECTION]
offset: "OFFSET" count [_rows]
fetch: "FETCH" ["FIRST" | "NEXT"] count [_rows] ["ONLY"]
_rows: "ROWS" | "ROW"
?count: number | variable

_sources: source
source: first_source join*
?first_source: rowset | subquery | values
rowset: VARIABLE ["AS" name]
subquery: "(" query ")" "AS" name
values: "(" "VALUES" row ("," row)* ")" "AS" name "(" name ("," name)* ")"
row: "(" expr ("," expr)* ")"
join: join_kind first_source "ON" expr | "CROSS" "JOIN" first_source -> cross_join
!join_kind: ["INNER"] "JOIN" | ("LEFT" | "RIGHT" | "FULL") ["OUTER"] "JOIN" | "OUTER" "JOIN"
    | ["LEFT" | "RIGHT"] ("SEMIJOIN" | "ANTISEMIJOIN")

?expr: coalesce | coalesce QUESTION expr ":" expr -> conditional
?coalesce: or_expr | or_expr COALESCE coalesce -> binary
?or_expr: and_expr | or_expr (OR | OR_WORD) and_expr -> binary
?and_expr: not_expr | and_expr (AND | AND_WORD) not_expr -> binary
?not_expr: equality | NOT not_expr -> not_
?equality: relational | equality EQUALITY relational -> binary
?relational: additive | relational RELATION additive -> binary
    | relational "IS" [NOT] "NULL" -> is_null
    | relational [NOT] "IN" "(" expr ("," expr)* ")" -> in_
    | relational [NOT] "BETWEEN" additive AND_WORD additive -> between
    | relational [NOT] "LIKE" additive -> like
?additive: multiplicative | additive (PLUS | MINUS) multiplicative -> binary
?multiplicative: unary | multiplicative (STAR | SLASH) unary -> binary
?unary: postfix | (MINUS | PLUS | BANG) unary -> unary | "(" type ")" unary -> cast
?postfix: primary
    | postfix "." name -> member
    | TYPE "." name -> static_member
    | postfix "." STAR -> star_of
    | postfix "(" [arguments] ")" [over] -> call
    | "new" TYPE "(" [arguments] ")" -> new
?primary: literal | variable | column | "(" expr ")"
column: name
variable: VARIABLE
arguments: [DISTINCT] argument ("," argument)*
?argument: expr | NAME ":" expr -> named | STAR -> all_rows
over: "OVER" "(" [partition] [window_order] [frame] ")"
partition: "PARTITION" "BY" expr ("," expr)*
window_order: "ORDER" "BY" sort ("," sort)*
frame: "ROWS" bound | "ROWS" "BETWEEN" bound AND_WORD bound
!bound: "UNBOUNDED" "PRECEDING" | "UNBOUNDED" "FOLLOWING" | "CURRENT" "ROW" | INTEGER "PRECEDING"
    | INTEGER "FOLLOWING"
?literal: number | STRING -> string | VERBATIM -> verbatim | CHAR -> char | LITERAL_WORD -> word
number: INTEGER | REAL
name: NAME | QUOTED_NAME

DECLARE_MODE.2: /(?:CONST|EXTERNAL)\b/
DISTINCT: "DISTINCT"
DIRECTION.2: /(?:ASC|DESC)\b/
NOT: "NOT"
OR_WORD: "OR"
AND_WORD: "AND"
TYPE.2: /(?:string|int|long|short|byte|sbyte|uint|ulong|ushort|float|double|decimal|bool|char|DateTime|Guid)\b/
LITERAL_WORD.2: /(?:true|false|null)\b/
QUESTION: "?"
COALESCE: "??"
OR: "||"
AND: "&&"
EQUALITY: "==" | "!="
RELATION: "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/" | "%"
BANG: "!"
NAME: /[^\W\d]\w*/
QUOTED_NAME: /\[[^\[\]\n]+\]/
VARIABLE: /@[^\W\d]\w*/
STRING: /"(?:[^"\\\n]|\\.)*"/
VERBATIM: /@"(?:[^"]|"")*"/
CHAR: /'(?:[^'\\\n]|\\[^\n]{1,9}?)'/
REAL.3: /(?:\d+\.\d+(?:[eE][+-]?\d+)?[fFdDmM]?|\d+[eE][+-]?\d+[fFdDmM]?|\d+[fFdDmM])(?!\w)/
INTEGER.2: /\d+(?:[uU]?[lL]?|[lL][uU])(?!\w)/
COMMENT.3: /\/\/[^\n]*|\/\*(?:.|\n)*?\*\//
SPACE: /\s+/
END: ";"
OTHER.-5: /./

%ignore COMMENT
%ignore SPACE
"""

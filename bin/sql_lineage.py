"""Which columns the columns of views and derived tables are made of, read out of their SQL with sqlglot.

A view is one statement. A derived table is brought up to date by many, over temporary tables and with steps in Python between; so they are
recorded while DuckDB runs them, and each temporary table is replaced by what it was made of. What a step in Python hands back is of
unknown origin, and so is every column that is made of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import MappingSchema, exp, parse, parse_one
from sqlglot.errors import SqlglotError, UnsupportedError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope, find_all_in_scope

from broadsheet.tables.schema import TABLES
from broadsheet.warehouse.changes import ADDED, REMOVED, Changes
from broadsheet.warehouse.derived import derive
from broadsheet.warehouse.views import VIEWS

# How a value comes from another, in OpenLineage's words. The indirect ones decide about it and are not in it.
IDENTITY, TRANSFORMATION, AGGREGATION = "IDENTITY", "TRANSFORMATION", "AGGREGATION"
CONDITIONAL, FILTER, SORT, WINDOW = "CONDITIONAL", "FILTER", "SORT", "WINDOW"
_INDIRECT = (CONDITIONAL, FILTER, SORT, WINDOW)
_STRENGTH = (IDENTITY, TRANSFORMATION, AGGREGATION, *_INDIRECT)

Origins = dict[tuple[str, str], str]  # (table, column) -> how the value comes from it
Columns = dict[str, Origins | None]  # None: of unknown origin


def view_lineage() -> dict[str, Columns]:
    """The columns of every view, by the tables and views that it reads."""
    relations = {name: _own_columns(name, table.columns) for name, table in TABLES.items()}
    found = {}
    for view in VIEWS:
        found[view.name] = columns_of(parse_one(view.sql, dialect="duckdb"), relations)
        relations[view.name] = _own_columns(view.name, view.columns)
    return found


def derived_lineage(connection: duckdb.DuckDBPyConnection) -> dict[str, Columns]:
    """The columns of every derived table, by the tables that it is made of.

    Parameters
    ----------
    connection : a warehouse that is written to, with rows in every table that steps read: a loop over no rows runs no statement.
    """
    for table in TABLES.values():
        if table.layer == "derived":
            connection.execute(f"delete from {table.name}")
    recorder = _Recorder(connection)
    derive(_RecordedChanges(recorder))
    return recorder.derived


# --- recording -------------------------------------------------------------------------------------------------------------


class _Recorder:
    """A connection that keeps, of every relation that its statements make, what its columns are made of."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self._connection = connection
        self._relations = {name: _own_columns(name, table.columns) for name, table in TABLES.items()}
        self._relations |= {f"{side}_{name}": self._relations[name] for side in (ADDED, REMOVED) for name in TABLES}
        self.derived: dict[str, Columns] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str | duckdb.Statement, *parameters: Any) -> duckdb.DuckDBPyConnection:
        done = self._connection.execute(sql, *parameters)
        for statement in parse(sql if isinstance(sql, str) else sql.query, dialect="duckdb"):
            self._note(statement)
        return done

    def register(self, name: str, rows: pa.Table) -> None:
        self._connection.register(name, rows)
        self._relations[name] = dict.fromkeys(rows.column_names)

    def note_derived(self, name: str) -> None:
        """The relation `fresh` goes into a derived table."""
        fresh = self._relations["fresh"]
        made = {column: fresh[column] for column in TABLES[name].columns}
        # what is kept of earlier rows of the table itself has its origin there
        made = {column: origins and {o: how for o, how in origins.items() if o[0] != name} for column, origins in made.items()}
        self.derived[name] = _united([self.derived[name], made] if name in self.derived else [made])

    def _note(self, statement: exp.Expr | None) -> None:
        match statement:
            case exp.Create(kind="TABLE" | "VIEW", expression=exp.Query() as query) if not _is_change(statement.this.name):
                self._relations[statement.this.name] = self._made_of(query, statement.this.name)
            case exp.Create(kind="TABLE", this=exp.Schema() as declared):
                self._relations[declared.this.name] = {column.name: {} for column in declared.expressions}
            case exp.Insert(this=exp.Table(name=name), expression=exp.Query() as query) if name not in TABLES and not _is_change(name):
                coming = columns_of(query, self._relations)
                into = self._relations[name]
                if not statement.args.get("by_name"):
                    coming = dict(zip(into, coming.values(), strict=True))
                self._relations[name] = _united([into, {column: coming.get(column, {}) for column in into}])
            case exp.Alter(actions=[exp.AlterRename() as renamed]):
                self._relations[renamed.this.name] = self._relations.pop(statement.this.name)
            case _:
                pass  # reads, deletes or drops; what is made anew takes the place of what had its name

    def _made_of(self, query: exp.Expr, name: str) -> Columns:
        """The columns of a relation that was just made; of unknown origin where sqlglot sees others in its query than DuckDB."""
        columns = [column for (column,) in self._connection.execute(f"select column_name from (describe {name})").fetchall()]
        try:
            made = columns_of(query, self._relations)
        except (SqlglotError, ValueError):
            made = {}
        return made if list(made) == columns else dict.fromkeys(columns)


class _RecordedChanges(Changes):
    def __init__(self, recorder: _Recorder):
        super().__init__(recorder, is_whole=True)
        self._recorder = recorder

    def insert_fresh(self, name: str) -> int:
        self._recorder.note_derived(name)
        return super().insert_fresh(name)


def _is_change(name: str) -> bool:
    return name.partition("_")[0] in (ADDED, REMOVED) and name.partition("_")[2] in TABLES


def _own_columns(name: str, columns: Iterable[str]) -> Columns:
    return {column: {(name, column): IDENTITY} for column in columns}


def _united(several: list[Columns]) -> Columns:
    return {column: _all_of([columns[column] for columns in several]) for column in several[0]}


def _all_of(origins: Iterable[Origins | None]) -> Origins | None:
    every: Origins = {}
    for some in origins:
        if some is None:
            return None
        for origin, how in some.items():
            every[origin] = min(how, every.get(origin, how), key=_STRENGTH.index)
    return every


# --- one query -------------------------------------------------------------------------------------------------------------


def columns_of(query: exp.Expr, relations: Mapping[str, Columns]) -> Columns:
    """What the columns of a query are made of, where `relations` says it of what the query reads."""
    schema = MappingSchema({name: dict.fromkeys(columns, "text") for name, columns in relations.items()}, dialect="duckdb")
    query = _prepared(query)
    query = qualify(query, dialect="duckdb", schema=schema, validate_qualify_columns=False, identify=False)
    for merged in [call for call in query.find_all(exp.Coalesce) if not call.meta.get(_WRITTEN)]:
        merged.replace(merged.this)  # a column of USING: it is the left one's, as no join here is a right or full one
    for united in reversed(list(query.find_all(exp.SetOperation))):  # the inner ones first
        if united.args.get("by_name"):  # sqlglot goes by position
            names = list(dict.fromkeys([*united.left.named_selects, *united.right.named_selects]))
            for side in (united.left, united.right):
                _select_anew(side, [side.named_selects.index(name) if name in side.named_selects else None for name in names], names)
    nodes = lineage(None, query, schema, dialect="duckdb", scope=build_scope(query), trim_selects=False)
    return {column: _origins(node, relations) for column, node in nodes.items()}


def _select_anew(query: exp.Expr, positions: list[int | None], names: list[str]) -> None:
    """Let a query select what it has at these positions, NULL for None."""
    if isinstance(query, exp.SetOperation):
        _select_anew(query.left, positions, names)
        _select_anew(query.right, positions, names)
    elif isinstance(query, exp.Subquery):
        _select_anew(query.this, positions, names)
    else:
        had = query.expressions
        chosen = zip(positions, names, strict=True)
        query.set("expressions", [exp.alias_(exp.null(), name) if position is None else had[position] for position, name in chosen])


_WRITTEN = "written"


def _prepared(query: exp.Expr) -> exp.Expr:
    """A copy of the query without what would be taken for an origin and is none."""
    top = exp.Subquery(this=query.copy())
    for kept in list(top.find_all(exp.Except, exp.Intersect)):  # the right side says which rows stay
        kept.replace(kept.left)
    for select in top.find_all(exp.Select):  # conditions say which rows come, in pseudo-columns too
        select.set("where", None)
        select.set("qualify", None)
        select.set("having", None)
    for joined in top.find_all(exp.Join):
        if joined.side in ("RIGHT", "FULL") and joined.args.get("using"):
            raise UnsupportedError(f"{joined.side} JOIN … USING: its columns are of both sides")
    for unnested in top.find_all(exp.Explode):
        if isinstance(unnested.parent, exp.Select) and unnested.expressions:  # recursive: DuckDB makes columns of a struct that sqlglot does not see
            raise UnsupportedError(f"{unnested.sql('duckdb')} makes columns of its own")
    for call in top.find_all(exp.Coalesce):
        call.meta[_WRITTEN] = True
    for comprehension in top.find_all(exp.Comprehension):
        items = {comprehension.expression.name}
        for column in list(comprehension.find_all(exp.Column)):
            if column.name in items and not column.table and not _is_within(column, comprehension.args["iterator"]):
                column.replace(exp.to_identifier(column.name))
    return top.this


def _is_within(inner: exp.Expr, outer: exp.Expr) -> bool:
    return inner is outer or any(parent is outer for parent in _parents(inner))


def _parents(inner: exp.Expr) -> Iterator[exp.Expr]:
    while parent := inner.parent:
        yield parent
        inner = parent


def _origins(node: Node, relations: Mapping[str, Columns]) -> Origins | None:
    if isinstance(node.expression, exp.Table):
        if isinstance(node.expression.this, exp.Func):  # numbers of `range` come from nowhere; what else a function makes is not known
            return None if node.expression.find(exp.Column) else {}
        return relations[node.expression.name].get(_column(node))
    if isinstance(node.expression, exp.Placeholder | exp.Star):
        return None
    parts = []
    for child in node.downstream:
        origins = _origins(child, relations)
        parts.append(None if origins is None else {origin: _joined(how, _role(node, child)) for origin, how in origins.items()})
    return _all_of(parts)


def _column(node: Node) -> str:
    return node.name.rpartition(".")[2].strip('"')


def _joined(inner: str, outer: str) -> str:
    """How a value comes from another by two steps."""
    return next((how for how in (outer, inner) if how in _INDIRECT), max(inner, outer, key=_STRENGTH.index))


def _role(node: Node, child: Node) -> str:
    """What a column is to the expression that reads it."""
    value = node.expression.unalias()
    if isinstance(value, exp.Column) or isinstance(node.source, exp.SetOperation):
        return IDENTITY
    read = [column for column in find_all_in_scope(value, exp.Column) if f"{column.table}.{column.name}" == child.name.replace('"', "")]
    return min((_place(column, value) for column in read), key=_STRENGTH.index, default=TRANSFORMATION)


def _place(column: exp.Expr, value: exp.Expr) -> str:
    is_aggregated = False
    inner = column
    for outer in _parents(column):
        match outer:
            case exp.If() | exp.Case() if inner is outer.this:
                return CONDITIONAL
            case exp.Filter() if inner is outer.expression:
                return FILTER
            case exp.Window() if inner is not outer.this:
                return WINDOW
            case exp.ArgMin() | exp.ArgMax() if inner is outer.expression:
                return SORT
            case exp.Ordered() if not outer.find_ancestor(exp.Window):
                return SORT
            case exp.Lag() | exp.Lead() | exp.FirstValue() | exp.LastValue() | exp.NthValue():  # one value of the window as it is
                pass
            case exp.AggFunc():
                is_aggregated = True
        if outer is value:
            break
        inner = outer
    return AGGREGATION if is_aggregated else TRANSFORMATION

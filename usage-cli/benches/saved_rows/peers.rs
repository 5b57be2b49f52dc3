//! Programs that read the same file and compute five group-by sums.

use std::process::{Command, Stdio};

use crate::files::Kind;

/// A program whose script takes the file as its argument.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    program: &'static str,
    /// The option of the interpreter that takes a script.
    option: &'static str,
    /// A script that fails if the program lacks its library.
    probe: &'static str,
    script: &'static str,
}

impl Peer {
    const fn python(name: &'static str, probe: &'static str, script: &'static str) -> Self {
        Self { name, program: "python3", option: "-c", probe, script }
    }

    pub(crate) fn is_installed(&self) -> bool {
        let mut command = Command::new(self.program);
        command
            .args([self.option, self.probe])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// The program and its arguments.
    pub(crate) fn command<'a>(&'a self, path: &'a str) -> (&'a str, [&'a str; 3]) {
        (self.program, [self.option, self.script, path])
    }
}

/// The programs that read files of this kind.
pub(crate) fn of(kind: Kind) -> &'static [Peer] {
    const CSV: &[Peer] = &[
        Peer::python("polars", "import polars", POLARS_CSV),
        Peer::python("pandas", "import pandas", PANDAS_CSV),
        Peer::python("DuckDB", "import duckdb", DUCKDB_CSV),
    ];
    const LINES: &[Peer] = &[
        Peer::python("polars", "import polars", POLARS_LINES),
        Peer::python("DuckDB", "import duckdb", DUCKDB_LINES),
    ];
    const PAGE: &[Peer] =
        &[Peer { name: "node", program: "node", option: "-e", probe: "", script: NODE_PAGE }];
    match kind {
        Kind::Csv => CSV,
        Kind::Lines => LINES,
        Kind::Page => PAGE,
    }
}

const POLARS_CSV: &str = "
import sys, polars as pl
t = pl.read_csv(sys.argv[1])
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']: t.group_by(k).agg(pl.col('requests').sum())";

const POLARS_LINES: &str = "
import sys, polars as pl
t = pl.read_ndjson(sys.argv[1])
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']: t.group_by(k).agg(pl.col('requests').sum())";

const PANDAS_CSV: &str = "
import sys, pandas as pd
t = pd.read_csv(sys.argv[1])
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']: t.groupby(k).requests.sum()";

const DUCKDB_CSV: &str = "
import sys, duckdb
duckdb.sql(f\"create table t as select * from read_csv('{sys.argv[1]}')\")
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']: duckdb.sql(f'select \"{k}\", sum(requests) from t group by 1').fetchall()";

const DUCKDB_LINES: &str = "
import sys, duckdb
duckdb.sql(f\"create table t as select * from read_json('{sys.argv[1]}', format='newline_delimited')\")
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']: duckdb.sql(f'select \"{k}\", sum(requests) from t group by 1').fetchall()";

const NODE_PAGE: &str = "
const rows = JSON.parse(require('fs').readFileSync(process.argv[1])).results;
for (const k of ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']) {
  const sums = new Map();
  for (const row of rows) sums.set(row[k], (sums.get(row[k]) ?? 0) + row.requests);
}";

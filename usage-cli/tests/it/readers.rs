//! A history as other programs read it: DuckDB, pandas, polars and Spark find the same sums.
//!
//! A reader that is not installed for Python is skipped with a note.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::collect::Days;
use crate::support::{Ran, config, program};

/// Scripts that print one line of JSON: requests and 429 of each organization and day, in order.
const PROGRAMS: [(&str, &str); 4] = [
    (
        "duckdb",
        r#"
import duckdb
rows = duckdb.sql(f"""
    select organization, date, sum(requests), sum(status429), count(*)
    from read_parquet('{lake}/*/*/*.parquet', hive_partitioning = true)
    group by all order by all""").fetchall()
"#,
    ),
    (
        "pandas",
        r#"
import pandas, pyarrow
table = pandas.read_parquet(lake).astype({"organization": str, "date": str})
sums = table.groupby(["organization", "date"]).agg(
    requests=("requests", "sum"), limited=("status429", "sum"), rows=("requests", "size"))
rows = list(sums.reset_index().itertuples(index=False))
"#,
    ),
    (
        "polars",
        r#"
import polars as pl
rows = (
    pl.scan_parquet(f"{lake}/**/*.parquet", hive_partitioning=True)
    .group_by("organization", "date").agg(pl.sum("requests"), pl.sum("status429"), pl.len())
    .sort("organization", "date").collect().rows())
"#,
    ),
    (
        "pyspark",
        r#"
from pyspark.sql import SparkSession, functions as f
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1").getOrCreate())
sums = (spark.read.parquet(lake).groupBy("organization", "date")
    .agg(f.sum("requests"), f.sum("status429"), f.count("*")).orderBy("organization", "date"))
rows = [tuple(row) for row in sums.collect()]
"#,
    ),
];

const PRINT: &str = "
import json
print(json.dumps([[str(row[0]), str(row[1]), int(row[2]), int(row[3]), int(row[4])] for row in rows]))
";

/// Returns whether Python has `module`.
fn has(module: &str) -> bool {
    let find = format!("import importlib.util, sys; sys.exit(importlib.util.find_spec({module:?}) is None)");
    let found = Command::new("python3").args(["-c", &find]).stderr(Stdio::null()).status();
    found.is_ok_and(|found| found.success())
}

/// Returns what a report of the history shows for each day of `organization`.
fn reported(lake: &Path, organization: &str) -> Vec<(String, u64, u64)> {
    let lake = lake.to_str().unwrap();
    let report =
        program(&["report", lake, "--organization", organization, "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_str(&Ran::from(report).well()).unwrap();
    let count = |day: &Value, name: &str| day[name].as_u64().unwrap_or(0);
    let days = report["days"].as_array().unwrap().iter();
    days.map(|day| {
        (day["date"].as_str().unwrap().to_owned(), count(day, "requests"), count(day, "status429"))
    })
    .collect()
}

#[test]
fn other_programs_find_the_same_sums() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let names = ["acme", "Söhne & Co/2"];
    for (seed, name) in (1..).zip(names) {
        let days = Days::new(config().with_seed(seed), "2026-10-16");
        days.run(lake, &["--last", "4d", "--group-by", "client,uri", "--organization", name]).well();
    }
    let mut wanted = BTreeMap::new();
    for name in names {
        for (date, requests, limited) in reported(lake, name) {
            wanted.insert((name.to_owned(), date), (requests, limited));
        }
    }
    assert_eq!(wanted.len(), 8);
    let there = PROGRAMS.iter().filter(|(module, _)| {
        let is_there = has(module);
        if !is_there {
            writeln!(io::stderr(), "skipped: Python has no {module}").unwrap();
        }
        is_there
    });
    let start = |(module, program): &(&'static str, &str)| {
        let program = format!("lake = {:?}\n{program}{PRINT}", lake.to_str().unwrap());
        let mut command = Command::new("python3");
        command.args(["-c", &program]).stdout(Stdio::piped()).stderr(Stdio::piped());
        (*module, command.spawn().unwrap())
    };
    let started: Vec<_> = there.map(start).collect();
    for (module, child) in started {
        let output = child.wait_with_output().unwrap();
        let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let rows: Vec<(String, String, u64, u64, u64)> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{module}: {error}: {text} {said}"));
        let found =
            rows.into_iter().map(|(name, date, requests, limited, _)| ((name, date), (requests, limited)));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), wanted, "{module}");
    }
}

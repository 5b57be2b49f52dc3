//! Generates files of rows: 31 days, 30 clients, 400 URIs, 5 methods, 200 users, in an irregular but reproducible
//! order.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The format of a file of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A table as this program writes it.
    Csv,
    /// The service's rows, one a line.
    Lines,
    /// A results page.
    Page,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Lines => "JSONL",
            Self::Page => "results page",
        })
    }
}

/// Each row combines other values: the step has no divisor in common with the number of combinations.
const COMBINATIONS: u64 = 31 * 30 * 400 * 5 * 200;
const STEP: u64 = 163_841_573;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Lines => "jsonl",
            Self::Page => "page",
        }
    }

    pub(crate) fn rows(self) -> u64 {
        if self == Self::Page { 500_000 } else { 1_000_000 }
    }

    /// Writes the file into `directory`.
    pub(crate) fn write_to(self, directory: &Path) -> PathBuf {
        let path = directory.join(self.name());
        let mut file = BufWriter::new(File::create(&path).unwrap());
        match self {
            Self::Csv => writeln!(
                file,
                "date,clientId,clientName,organizationId,userId,templateUri,httpMethod,platform,requests,status200,\
                 status300,status400,status429,status500"
            ),
            Self::Lines => Ok(()),
            Self::Page => write!(file, "{{\"results\":["),
        }
        .unwrap();
        for number in 0..self.rows() {
            if self == Self::Page && number > 0 {
                write!(file, ",").unwrap();
            }
            self.write_row(&mut file, number).unwrap();
            if self != Self::Page {
                writeln!(file).unwrap();
            }
        }
        if self == Self::Page {
            write!(file, "],\"queryStatus\":\"Complete\"}}").unwrap();
        }
        file.flush().unwrap();
        path
    }

    fn write_row(self, file: &mut impl Write, number: u64) -> std::io::Result<()> {
        let mut rest = number * STEP % COMBINATIONS;
        let mut take = |values| {
            let value = rest % values;
            rest /= values;
            value
        };
        let (day, client, uri, user) = (take(31) + 1, take(30), take(400), take(200));
        let method = METHODS[usize::try_from(take(5)).unwrap()];
        let client_id = format_args!("{client:08x}-2222-4333-8444-555555555555").to_string();
        let user_id = format_args!("{user:08x}-aaaa-4bbb-8ccc-dddddddddddd").to_string();
        let (ok, error) = (number * 7919 % 5000, number * 31 % 40);
        let requests = ok + error;
        if self == Self::Csv {
            return write!(
                file,
                "2026-10-{day:02},{client_id},Client {client},,{user_id},api/v2/area{uri}/{{id}},{method},,{requests},{ok},0,\
                 {error},0,0"
            );
        }
        write!(
            file,
            "{{\"clientId\":\"{client_id}\",\"clientName\":\"Client {client}\",\"organizationId\":\"\",\"userId\":\"{user_id}\",\
             \"templateUri\":\"api/v2/area{uri}/{{id}}\",\"httpMethod\":\"{method}\",\"status200\":{ok},\"status300\":0,\
             \"status400\":{error},\"status500\":0,\"status429\":0,\"requests\":{requests},\
             \"date\":\"2026-10-{day:02}T00:00:00Z\"}}"
        )
    }
}

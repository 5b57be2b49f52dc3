//! The names behind the ids of an organization's days, in a file beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use usage_core::{Column, Date};

use crate::dataset::Organization;
use crate::dataset::partition::{Columns, Needs};
use crate::names::{Document, Wanted};
use crate::output::write_file;
use crate::problem::Problem;

/// The name of the file. Engines skip names that begin with an underscore.
const NAME: &str = "_names.json";

impl Organization {
    /// Returns the names that are known. A file that cannot be used counts as none.
    pub(crate) fn names(&self) -> Document {
        let path = self.directory().join(NAME);
        let json = read_regular(&path).unwrap_or_default();
        Document::read(&json).unwrap_or_default()
    }

    /// Returns the ids without a name of the days that `document` does not cover; `None` if it covers all days.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the file if one cannot be read or is damaged.
    pub(crate) fn wanted_names(&self, document: &Document) -> Result<Option<Wanted>, Problem> {
        let is_new = |date: &Date, checksum: u32| document.days.get(date) != Some(&checksum);
        let new: Vec<Date> = self
            .checksums()
            .filter(|(date, checksum)| is_new(date, *checksum))
            .map(|(date, _)| date)
            .collect();
        if new.is_empty() {
            return Ok(None);
        }
        let needs = Needs::only(&[Column::ClientId, Column::ClientName, Column::UserId], &[]);
        let mut wanted = Wanted::default();
        for date in new {
            let (columns, _) = self.rows(date, &needs)?;
            add_ids(&columns, document, &mut wanted);
        }
        Ok(Some(wanted))
    }

    /// Marks all days as covered by `document`.
    pub(crate) fn cover_names(&self, document: &mut Document) {
        document.days = self.checksums().collect::<BTreeMap<_, _>>();
    }

    /// Writes the names.
    pub(crate) fn keep_names(&self, document: &Document) -> Result<(), Problem> {
        write_file(&self.directory().join(NAME), |to| to.write_all(&document.to_json()))
    }

    fn checksums(&self) -> impl Iterator<Item = (Date, u32)> {
        self.days().iter().map(|(date, reading)| (*date, reading.checksum))
    }
}

fn add_ids(columns: &Columns, document: &Document, wanted: &mut Wanted) {
    for id in &columns.texts[Column::UserId as usize].dictionary {
        wanted.add_user(id, &document.names);
    }
    let [ids, names] = [Column::ClientId, Column::ClientName].map(|column| &columns.texts[column as usize]);
    let mut last = None;
    for row in 0..columns.rows {
        // Rows are sorted by client.
        let numbers = (ids.numbers.get(row), names.numbers.get(row));
        if last.replace(numbers) != Some(numbers)
            && let Some(id) = ids.get(row)
        {
            wanted.add_client(id, names.get(row), &document.names);
        }
    }
}

/// Reads a file; `None` if it is not a regular one or cannot be read.
pub(super) fn read_regular(path: &Path) -> Option<Vec<u8>> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| fs::read(path).ok()).flatten()
}

//! The columns of a simple search.

use crate::open_enum::open_enum;

open_enum! {
    /// A column of a simple search. The API calls the member `metrics`, although it contains dimensions too. There is no
    /// `Requests` column.
    ///
    /// ```
    /// use usage_core::model::SearchColumn;
    /// use usage_core::query::SimpleSearch;
    ///
    /// let search = SimpleSearch::new("2026-06/2026-06".parse()?).with_columns([SearchColumn::Date, SearchColumn::Status429]);
    /// assert_eq!(search.columns.len(), 2);
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub enum SearchColumn {
        /// The day.
        Date = "Date",
        /// The OAuth client's name.
        ClientName = "ClientName",
        /// The HTTP method.
        HttpMethod = "HttpMethod",
        /// The template URI.
        TemplateUri = "TemplateUri",
        /// Answers of class 2xx.
        Status200 = "Status200",
        /// Answers of class 3xx.
        Status300 = "Status300",
        /// Answers of class 4xx, rate-limited ones included.
        Status400 = "Status400",
        /// Answers of class 5xx.
        Status500 = "Status500",
        /// Rate-limited requests, a subset of class 4xx.
        Status429 = "Status429",
    }
}

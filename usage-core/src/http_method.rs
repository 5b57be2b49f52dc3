//! HTTP methods in queries and rows.

use crate::open_enum::open_enum;

open_enum! {
    /// The HTTP method of the counted requests. A simple search filters by any of them, the job queries by
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE` and `HEAD` only.
    ///
    /// ```
    /// use usage_core::model::HttpMethod;
    ///
    /// assert_eq!(HttpMethod::from("get"), HttpMethod::Get);
    /// assert_eq!(HttpMethod::from("PROPFIND").as_str(), "PROPFIND");
    /// ```
    pub enum HttpMethod {
        /// GET.
        Get = "GET",
        /// POST.
        Post = "POST",
        /// DELETE.
        Delete = "DELETE",
        /// PATCH.
        Patch = "PATCH",
        /// PUT.
        Put = "PUT",
        /// HEAD.
        Head = "HEAD",
        /// CONNECT.
        Connect = "CONNECT",
        /// OPTIONS.
        Options = "OPTIONS",
        /// TRACE.
        Trace = "TRACE",
    }
}

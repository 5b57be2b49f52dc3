//! The types that a driver shows: `Client` and `Handle` of its own, so that its documentation has their methods.

/// Defines `Client` and `Handle` of a driver: the generic ones of [`blocking`](crate::blocking) for `$driver`, with examples
/// that name `$krate`. The driver's crate has the core as `core`, and `Clock`, `Pages`, `Rows` and `RunAll` in scope.
#[macro_export]
macro_rules! blocking_client {
    ($(#[$notes:meta])* $driver:ty, $krate:literal) => {
        /// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
        $(#[$notes])*
        #[derive(Clone, Debug)]
        pub struct Client($crate::blocking::Client<$driver>);

        impl Client {
            /// Returns a builder: give it a credential, and a region or URL.
            ///
            /// ```
            #[doc = concat!("use ", $krate, "::{Client, core::Secret};")]
            ///
            /// let secret = Secret::new("from a safe place".to_owned());
            /// let client = Client::builder()
            ///     .region("eu-central-1".parse()?)
            ///     .client_credentials("7de3af06-c0b3-4f9b-af45-72f4a14037cc", secret)?
            ///     .build()?;
            #[doc = concat!("# Ok::<(), ", $krate, "::core::error::BuildError>(())")]
            /// ```
            pub fn builder() -> $crate::ClientBuilder<Self> {
                $crate::ClientBuilder::new()
            }

            /// Returns this client on another clock, for tests that must not wait. Both share one session and one pool.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::Date;")]
            /// use usage_sim::VirtualClock;
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let clock = VirtualClock::new("2026-07-08".parse::<Date>()?.start());
            /// let client = client.with_clock(clock.clone()); // minutes of polling pass at once
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
                Self(self.0.with_clock(clock))
            }

            /// Returns this client with another policy. Both share one session and one pool of connections.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::Policy;")]
            /// use std::time::Duration;
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let patient = client.clone().with_policy(Policy::default().with_deadline(Duration::from_secs(3600)));
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn with_policy(self, policy: core::Policy) -> Self {
                Self(self.0.with_policy(policy))
            }

            /// Runs `query` to its end and returns all its rows.
            ///
            /// # Errors
            ///
            /// Returns the failure of the execution. Rows that had arrived are [in the error](core::Error::rows), and the execution
            /// continues behind them from the [snapshot in it](core::Error::snapshot).
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::query::SimpleSearch;")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
            /// let rows = client.run(query)?;
            /// println!("{} rows", rows.len());
            /// # Ok(())
            /// # }
            /// ```
            pub fn run<Q: core::UsageQuery>(&self, query: Q) -> Result<core::UsageTable, core::Error> {
                self.0.run(query)
            }

            /// Creates an execution of `query` that is driven step by step: page by page, observed, saved, cancelled. Nothing is sent
            /// before the first page is asked for.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::query::SimpleSearch;")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
            /// let mut handle = client.start(query);
            /// while let Some(page) = handle.next_page()? {
            ///     println!("{} rows", page.len());
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn start<Q: core::UsageQuery>(&self, query: Q) -> Handle<Q> {
                Handle(self.0.start(query))
            }

            /// Continues an execution of `query` that was submitted elsewhere.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::query::SimpleSearch;")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
            /// let rows = client.attach(query, "9f32b7cf".parse()?).finish()?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn attach<Q: core::UsageQuery>(&self, query: Q, id: core::ExecutionId) -> Handle<Q> {
                Handle(self.0.attach(query, id))
            }

            /// Continues an execution that was saved, here or with another driver, with a deadline of its own.
            ///
            /// # Errors
            ///
            /// Returns an error if the snapshot is of another version or family.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::{Snapshot, query::SimpleSearch};")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let saved = std::fs::read_to_string("state.json")?;
            /// let snapshot = Snapshot::<SimpleSearch>::from_json(&saved)?;
            /// let rows = client.restore(snapshot)?.finish()?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn restore<Q: core::UsageQuery>(
                &self,
                snapshot: core::Snapshot<Q>,
            ) -> Result<Handle<Q>, core::execution::RestoreError> {
                self.0.restore(snapshot).map(Handle)
            }

            /// Continues the execution that was saved, if there is one, and creates one of `query` otherwise: for a program that may
            /// have been killed.
            ///
            /// # Errors
            ///
            /// Returns the errors of [`restore`](Self::restore), and
            /// [`RestoreError::Query`](core::execution::RestoreError::Query) if the saved execution is of another query.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::{Snapshot, query::SimpleSearch};")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
            /// let saved = std::fs::read_to_string("state.json").ok();
            /// let saved = saved.map(|json| Snapshot::from_json(&json)).transpose()?;
            /// let rows = client.start_or_restore(query, saved)?.finish()?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn start_or_restore<Q: core::UsageQuery>(
                &self,
                query: Q,
                saved: Option<core::Snapshot<Q>>,
            ) -> Result<Handle<Q>, core::execution::RestoreError> {
                self.0.start_or_restore(query, saved).map(Handle)
            }

            /// Runs all `queries`, up to `at_once` of them (at least one) at a time, and yields the result of each as it becomes
            /// available, with its place among the queries. A query is taken when there is room for it. Dropping what is returned
            /// cancels the executions: those that wait at once, those with a request in flight when that has ended.
            ///
            /// Each execution has a thread, of which there are at most [`MAX_THREADS`](usage_driver::blocking::MAX_THREADS).
            ///
            /// # Panics
            ///
            /// Panics if the system has no thread to give. The iterator resumes a panic of `queries`.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::query::SimpleSearch;")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let days = ["2026-06-01/2026-06-01", "2026-06-02/2026-06-02"];
            /// let queries = days.map(|day| SimpleSearch::new(day.parse().expect("an interval")));
            /// for (place, rows) in client.run_all(queries, 4) {
            ///     println!("{}: {} rows", days[place], rows?.len());
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn run_all<Q, I>(&self, queries: I, at_once: usize) -> RunAll
            where
                Q: core::UsageQuery,
                I: IntoIterator<Item = Q, IntoIter: Send + 'static>,
            {
                self.0.run_all(queries, at_once)
            }

            /// Calls a single endpoint, with retries.
            ///
            /// # Errors
            ///
            /// Returns the failure of the call.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::events::EventDefinitions;")]
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let definitions = client.call(EventDefinitions)?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn call<E: core::Endpoint>(
                &self,
                endpoint: E,
            ) -> Result<E::Response, core::Error> {
                self.0.call(endpoint)
            }

            /// Makes sure that the session holds a valid access token, and sends nothing with it. Queries and calls do this by
            /// themselves; see [`LogIn`](core::LogIn) for when to do it ahead of them.
            ///
            /// # Errors
            ///
            /// Returns an error if the login host refuses the credential or cannot be reached.
            ///
            /// ```no_run
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// client.log_in()?;
            /// assert!(client.session().access_token().is_some());
            /// # Ok(())
            /// # }
            /// ```
            pub fn log_in(&self) -> Result<(), core::Error> {
                self.0.log_in()
            }

            /// Locks the session: its token and its request budget. Drop the guard soon, since every request needs it.
            ///
            /// ```no_run
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let budget = client.session().rate_budget().clone();
            /// # Ok(())
            /// # }
            /// ```
            pub fn session(&self) -> $crate::SessionGuard<'_> {
                self.0.session()
            }

            /// Returns the policy of new executions and calls.
            ///
            /// ```no_run
            /// use std::time::Duration;
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let hasty = client.policy().with_deadline(Duration::from_secs(60));
            /// let client = client.with_policy(hasty);
            /// # Ok(())
            /// # }
            /// ```
            pub fn policy(&self) -> core::Policy {
                self.0.policy()
            }

            /// Returns the generic client, for code that is generic over drivers.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::{Error, UsageTable, query::SimpleSearch};")]
            /// use usage_driver::blocking::{Client, Driver};
            ///
            /// fn search<D: Driver>(client: &Client<D>, query: SimpleSearch) -> Result<UsageTable, Error> {
            ///     client.run(query)
            /// }
            ///
            #[doc = concat!("# fn example(client: ", $krate, "::Client) -> Result<(), Box<dyn std::error::Error>> {")]
            /// let rows = search(client.as_generic(), SimpleSearch::new("2026-06-01/2026-06-30".parse()?))?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn as_generic(&self) -> &$crate::blocking::Client<$driver> {
                &self.0
            }
        }

        impl $crate::FromConfig for Client {
            const USER_AGENT: &'static str = <$driver as $crate::blocking::Driver>::USER_AGENT;

            fn from_config(config: $crate::ClientConfig) -> Result<Self, core::error::BuildError> {
                $crate::FromConfig::from_config(config).map(Self)
            }

            fn variable(name: &str) -> Option<String> {
                <$driver as $crate::blocking::Driver>::variable(name)
            }
        }

        /// An execution that is being driven.
        pub struct Handle<Q>($crate::blocking::Handle<Q, $driver>);

        impl<Q: core::UsageQuery> Handle<Q> {
            /// Calls `observer` at every transition and every wait, in place of any earlier observer.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let rows = handle.observe(|execution, event| println!("{}: {event:?}", execution.phase())).finish()?;
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn observe(
                self,
                observer: impl FnMut(&core::Execution<Q>, core::Event) + Send + 'static,
            ) -> Self {
                Self(self.0.observe(observer))
            }

            /// Calls `observer` at every transition and every wait, in place of any earlier observer. An error of it ends the run as
            /// [`Failure::Observer`](core::error::Failure::Observer) before the next request is sent, for programs that cannot save the
            /// snapshot. A page that had arrived is handed out first. [`resume`](Self::resume) continues.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let saving = handle.try_observe(|execution, _| std::fs::write("state.json", execution.snapshot().to_json()));
            /// let rows = saving.finish()?;
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn try_observe<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
                self,
                observer: impl FnMut(&core::Execution<Q>, core::Event) -> Result<(), E> + Send + 'static,
            ) -> Self {
                Self(self.0.try_observe(observer))
            }

            /// Returns the next page of rows when it has arrived; `None` when there are no more. It marks the page before as delivered.
            ///
            /// # Errors
            ///
            /// Returns the failure of the execution. If it [can be resumed](core::Error::can_resume), [`resume`](Self::resume) and ask
            /// again.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(mut handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// while let Some(page) = handle.next_page()? {
            ///     println!("page {} has {} rows", handle.execution().pages(), page.len());
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn next_page(&mut self) -> Result<Option<core::UsageTable>, core::Error> {
                self.0.next_page()
            }

            /// Returns the pages that are yet to come, as an iterator. A page is delivered when the next one is asked for. The handle can be
            /// used again afterwards.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(mut handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// for page in handle.pages() {
            ///     println!("{} rows", page?.len());
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn pages(&mut self) -> Pages<'_> {
                self.0.pages()
            }

            /// Returns the rows one by one. Pages are fetched as they are needed.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// for row in handle.rows() {
            ///     println!("{:?}", row?.requests);
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn rows(self) -> Rows {
                self.0.rows()
            }

            /// Runs the execution to its end and returns the rows of all pages that are yet to come. Snapshots that an observer takes
            /// meanwhile point at the first of these pages.
            ///
            /// # Errors
            ///
            /// Returns the failure of the execution. Rows that had arrived are [in the error](core::Error::rows), and the execution
            /// continues behind them from the [snapshot in it](core::Error::snapshot).
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let rows = handle.finish()?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn finish(self) -> Result<core::UsageTable, core::Error> {
                self.0.finish()
            }

            /// Runs the execution to its end and shows `visitor` each row that is yet to come, once, as it arrives. No row is kept. See
            /// [`StreamingExecution`](core::execution::StreamingExecution) for what happens when a page breaks off.
            ///
            /// # Errors
            ///
            /// Returns the failure of the execution.
            ///
            /// ```no_run
            #[doc = concat!("use ", $krate, "::core::UsageRow;")]
            ///
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let mut requests = 0;
            /// let count = |row: UsageRow<'_>| requests += row.requests().unwrap_or(0);
            /// handle.for_each_row(count)?;
            /// println!("{requests} requests");
            /// # Ok(())
            /// # }
            /// ```
            pub fn for_each_row(
                self,
                visitor: impl core::decode::RowVisitor + Send,
            ) -> Result<(), core::Error> {
                self.0.for_each_row(visitor)
            }

            /// Returns the execution: phase, id, counters.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// println!("{:?} after {} requests", handle.execution().id(), handle.execution().attempts());
            /// # Ok(())
            /// # }
            /// ```
            pub fn execution(&self) -> &core::Execution<Q> {
                self.0.execution()
            }

            /// Returns how far the execution got, to be saved. The snapshot points at the page that was handed out last, until the next
            /// one is asked for or [`acknowledge`](Self::acknowledge) is called.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// std::fs::write("state.json", handle.snapshot().to_json())?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn snapshot(&self) -> core::Snapshot<Q> {
                self.0.snapshot()
            }

            /// Marks the page that was handed out last as delivered: snapshots point behind it from now on. Asking for the next page
            /// does the same. Call this to save the snapshot together with the page, in one transaction.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(mut handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// while let Some(page) = handle.next_page()? {
            ///     handle.acknowledge();
            ///     let snapshot = handle.snapshot().to_json();
            ///     // Store page and snapshot in one transaction.
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn acknowledge(&mut self) {
                self.0.acknowledge();
            }

            /// Leaves pages unacknowledged until [`acknowledge`](Self::acknowledge) is called: snapshots point at the first of them, for
            /// callers who store all pages together.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let mut handle = handle.hold_pages();
            /// let mut pages = Vec::new();
            /// while let Some(page) = handle.next_page()? {
            ///     pages.push(page); // a snapshot still points at the first page
            /// }
            /// // Store all pages, then:
            /// handle.acknowledge();
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn hold_pages(self) -> Self {
                Self(self.0.hold_pages())
            }

            /// Prepares the execution to continue where it stopped, with a deadline of its own: after an error that
            /// [can be resumed](core::Error::can_resume), or after it was cancelled. A page that was handed out and not
            /// [acknowledged](Self::acknowledge) comes again. A submit whose fate is unknown is not sent again. A
            /// [canceller](Self::canceller) of before has no effect any more.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(mut handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// loop {
            ///     match handle.next_page() {
            ///         Ok(Some(page)) => println!("{} rows", page.len()),
            ///         Ok(None) => break,
            ///         Err(error) if error.can_resume() => handle.resume(),
            ///         Err(error) => return Err(error.into()),
            ///     }
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn resume(&mut self) {
                self.0.resume();
            }

            /// Returns a canceller, which cancels the execution from another thread, also while it is being
            /// driven: at once if it waits, and after the exchange otherwise.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// let canceller = handle.canceller();
            /// std::thread::spawn(move || canceller.cancel());
            /// let error = handle.finish().unwrap_err();
            /// # Ok(())
            /// # }
            /// ```
            pub fn canceller(&self) -> $crate::Canceller {
                self.0.canceller()
            }

            /// Cancels the execution. The query continues at the service, which has no request to cancel one. Returns `None` if the
            /// execution had ended before.
            ///
            /// ```no_run
            #[doc = concat!("# use ", $krate, "::{Handle, core};")]
            /// # fn example(mut handle: Handle<core::query::SimpleSearch>) -> Result<(), Box<dyn std::error::Error>> {
            /// if let Some(page) = handle.next_page()? {
            ///     println!("{} rows are enough", page.len());
            ///     handle.cancel();
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub fn cancel(&mut self) -> Option<core::Transition> {
                self.0.cancel()
            }
        }

        impl<Q: std::fmt::Debug> std::fmt::Debug for Handle<Q> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

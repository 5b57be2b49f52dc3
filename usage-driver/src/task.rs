//! A machine that is being driven, with its observer and canceller.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use usage_core::decode::RowVisitor;
use usage_core::error::{Failure, ObserverError};
use usage_core::execution::StreamingExecution;
use usage_core::machine::{Progress, Step};
use usage_core::trace::RunSpan;
use usage_core::{Error, Event, Execution, Machine, Next, Timestamp, Transition, UsageQuery, WaitReason};

use crate::canceller::Canceller;
use crate::session::{SharedSession, TokenWait};

type Observer<M> = Box<dyn FnMut(&M, Event) -> Result<(), ObserverError> + Send>;

/// A [`Machine`] that is being driven, with its observer and its [`Canceller`].
///
/// It contains everything of a driver's loop except the I/O, which leaves this:
///
/// ```text
/// loop {
///     match task.next(now, session) {
///         Next::Finished            => return task.outcome(),
///         Next::WaitUntil(t, Token) => wait for task.token_wait(session), at most until t, unless cancelled
///         Next::WaitUntil(t, _)     => sleep until t, unless cancelled
///         Next::Send(exchange)      => progress = send it for task.machine, unless cancelled;
///                                      if let Some(output) = task.take(progress) { return Ok(Some(output)) }
///     }
/// }
/// ```
pub struct Task<M> {
    /// The machine.
    pub machine: M,
    /// Cancels the machine from elsewhere.
    pub canceller: Canceller,
    /// In a mutex, which is never locked, so that the task is `Sync`.
    observer: Option<Mutex<Observer<M>>>,
    run: RunSpan,
    /// The number of the session's token exchanges that had ended at the last step.
    ended: u64,
    /// The error with which the observer stopped the run. It is boxed because it is rare.
    stopped: Option<Box<ObserverError>>,
}

impl<M> Task<M> {
    /// Wraps `machine` without an observer.
    pub fn new(machine: M) -> Self {
        Self {
            machine,
            canceller: Canceller::default(),
            observer: None,
            run: RunSpan::default(),
            ended: 0,
            stopped: None,
        }
    }

    /// Calls `observer` at every transition and every wait, in place of any earlier observer.
    pub fn observe(&mut self, mut observer: impl FnMut(&M, Event) + Send + 'static) {
        self.try_observe(move |machine, event| {
            observer(machine, event);
            Ok::<_, ObserverError>(())
        });
    }

    /// Calls `observer` at every transition and every wait, in place of any earlier observer. After an error of it, nothing
    /// is sent until [`go_on`](Self::go_on) is called. Output that had arrived is returned first.
    pub fn try_observe<E: Into<Box<dyn StdError + Send + Sync>>>(
        &mut self,
        mut observer: impl FnMut(&M, Event) -> Result<(), E> + Send + 'static,
    ) {
        self.observer = Some(Mutex::new(Box::new(move |machine, event| {
            observer(machine, event).map_err(ObserverError::new)
        })));
    }

    /// Continues after an error of the observer.
    pub fn go_on(&mut self) {
        self.stopped = None;
    }

    /// Returns the wait for the token exchange in flight, for `Next::WaitUntil(_, WaitReason::Token)`.
    ///
    /// It completes as soon as the exchange has ended. The time in `WaitUntil` is its limit. A driver measures that with a
    /// timer of its own, like the limit of an exchange, and not with the clock, which may be virtual.
    pub fn token_wait(&self, session: &SharedSession) -> TokenWait {
        TokenWait::new(session, Some(self.ended))
    }

    fn notify(&mut self, event: Event) {
        if let Err(error) = self.call_observer(event) {
            self.stopped.get_or_insert(error.into());
        }
    }

    fn call_observer(&mut self, event: Event) -> Result<(), ObserverError> {
        let Some(observer) = &mut self.observer else { return Ok(()) };
        observer.get_mut().unwrap_or_else(PoisonError::into_inner)(&self.machine, event)
    }
}

impl<M: Machine> Task<M> {
    /// Returns the next step, after the observer was called with it. A cancelled machine sends nothing more.
    ///
    /// The session is not locked while the observer runs.
    pub fn next(&mut self, now: Timestamp, session: &SharedSession) -> Next {
        let mut is_carried = false;
        loop {
            self.machine.settle();
            if let Some(error) = &self.stopped {
                if !error.lost_output() {
                    self.machine.delivered();
                }
                return Next::Finished;
            }
            if self.canceller.is_cancelled()
                && let Some(moved) = self.machine.cancel()
            {
                self.notify(Event::Moved(moved));
            }
            let step = match self.ask(now, session) {
                Ok(step) => step,
                Err(moved) => {
                    self.notify(Event::Moved(moved));
                    continue;
                }
            };
            // A token exchange is handed over before the observer runs, which may panic, or use the client.
            let next = match step.next {
                Next::Send(exchange) => session.carry(exchange).map(Next::Send),
                next => Some(next),
            };
            step.transitions.iter().for_each(|moved| self.notify(Event::Moved(*moved)));
            let Some(next) = next else {
                is_carried = true;
                continue;
            };
            match next {
                // The observer has just stopped or cancelled the run: the request is not sent.
                Next::Send(exchange) if self.stopped.is_some() || self.canceller.is_cancelled() => {
                    session.release(&exchange);
                    if let Some(moved) = self.machine.unsent(exchange.ticket) {
                        self.notify(Event::Moved(moved));
                    }
                }
                Next::Send(_) => return next,
                // The wait is for this machine's own exchange, not for another's.
                Next::WaitUntil(_, WaitReason::Token) if is_carried => return next,
                Next::WaitUntil(until, why) => {
                    self.notify(Event::Waiting(until, why));
                    return if self.stopped.is_some() { Next::Finished } else { next };
                }
                Next::Finished => return Next::Finished,
            }
        }
    }

    /// Returns the next step, or the transition that something elsewhere caused, which the observer sees first.
    fn ask(&mut self, now: Timestamp, shared: &SharedSession) -> Result<Step, Transition> {
        let mut session = shared.lock();
        if let Some(moved) = self.machine.catch_up(now, &mut session) {
            return Err(moved);
        }
        let Self { machine, run, .. } = self;
        let step = run.inside(|| machine.next(now, &mut session));
        run.identify(machine.execution_id());
        run.set_over(matches!(step.next, Next::Finished));
        self.ended = session.ended_token_fetches();
        if let Next::Send(exchange) = &step.next {
            shared.claim(exchange, &mut session);
        }
        Ok(step)
    }

    /// Takes the progress of an exchange, calls the observer, and returns the output. Call it without the session's lock:
    /// visitors and observers may lock the session.
    pub fn take(&mut self, progress: Progress<M::Output>) -> Option<M::Output> {
        self.machine.settle();
        self.run.identify(self.machine.execution_id());
        let stopped = self.stopped.take();
        if self.observer.is_some() && progress.output.is_some() {
            // If the observer unwinds, the output is lost, and must not count as delivered.
            self.stopped = Some(ObserverError::panicked().into());
        }
        let told = progress.transition.map_or(Ok(()), |moved| self.call_observer(Event::Moved(moved)));
        self.stopped = stopped.or(told.err().map(Box::new));
        progress.output
    }

    /// Returns the result of a finished machine: `None`, since there is no more output, or its error.
    ///
    /// # Errors
    ///
    /// Returns the failure of the machine, or the error of the observer that stopped it.
    pub fn outcome(&self) -> Result<Option<M::Output>, Error> {
        match &self.stopped {
            Some(error) => Err(self.machine.stopped_by(Failure::Observer(ObserverError::clone(error)))),
            None => self.machine.error().map_or(Ok(None), Err),
        }
    }
}

impl<Q: UsageQuery> Task<Execution<Q>> {
    /// Returns this task with its rows shown to `visitor` instead of kept. The observer is kept.
    pub fn streaming<V: RowVisitor>(self, visitor: V) -> Task<StreamingExecution<Q, V>> {
        let Self { machine, canceller, observer, run, ended, stopped } = self;
        let observer = observer.map(|observer| {
            let mut observer = observer.into_inner().unwrap_or_else(PoisonError::into_inner);
            Mutex::new(Box::new(move |streaming: &StreamingExecution<Q, V>, event| {
                observer(streaming.execution(), event)
            }) as _)
        });
        Task { machine: StreamingExecution::new(machine, visitor), canceller, observer, run, ended, stopped }
    }
}

impl<M: fmt::Debug> fmt::Debug for Task<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("machine", &self.machine)
            .field("canceller", &self.canceller)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Response;

    use super::*;
    use usage_core::UsageRow;
    use usage_core::auth::{AccessToken, Grant};
    use usage_core::machine::Exchange;
    use usage_core::query::OrganizationQuery;
    use usage_core::{Phase, Policy, Region, Session, WaitReason};

    const NOW: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);

    fn begin() -> (Task<Execution<OrganizationQuery>>, SharedSession) {
        let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse().unwrap());
        let grant = Grant::StaticToken(AccessToken::parse("a-token").unwrap());
        let session = SharedSession::new(Session::new(&Region::default(), grant));
        (Task::new(Execution::new(query, Policy::default(), 1, NOW)), session)
    }

    fn sent<M: Machine>(task: &mut Task<M>, now: Timestamp, session: &SharedSession) -> Exchange {
        let Next::Send(exchange) = task.next(now, session) else { panic!("nothing is in the way") };
        *exchange
    }

    fn answer<M: Machine>(
        task: &mut Task<M>,
        now: Timestamp,
        session: &SharedSession,
        body: &str,
    ) -> Option<M::Output> {
        let ticket = sent(task, now, session).ticket;
        let answer = Response::new(body.as_bytes());
        let progress = task.machine.on_response(now, ticket, answer, &mut session.lock());
        task.take(progress)
    }

    #[test]
    fn a_waiting_task_is_small() {
        let size = size_of::<Task<Execution<OrganizationQuery>>>();
        assert!(size <= 344, "{size}");
    }

    #[test]
    fn a_request_is_not_sent_after_the_observer_cancelled() {
        let (mut task, session) = begin();
        let canceller = task.canceller.clone();
        task.observe(move |_, _| canceller.cancel());
        assert!(matches!(task.next(NOW, &session), Next::Finished));
        assert_eq!(task.outcome().unwrap_err().failure(), &Failure::Cancelled);
    }

    #[test]
    fn an_observer_may_lock_the_session_and_is_kept_while_rows_are_visited() {
        let (mut task, session) = begin();
        let events = Arc::new(Mutex::new(Vec::new()));
        let (seen, seen_session) = (Arc::clone(&events), session.clone());
        task.observe(move |execution, event| {
            assert!(!seen_session.is_locked());
            seen.lock().unwrap().push((execution.phase(), event));
        });

        assert!(answer(&mut task, NOW, &session, r#"{"executionId":"e"}"#).is_none());
        let Next::WaitUntil(until, WaitReason::Poll) = task.next(NOW, &session) else { panic!("no wait") };
        let mut requests = 0;
        let visitor = |row: UsageRow<'_>| requests += row.requests().unwrap_or(0);
        let mut task = task.streaming(visitor);
        let page = r#"{"queryStatus":"Complete","results":[{"requests":40},{"requests":2}]}"#;
        assert!(answer(&mut task, until, &session, page).is_some());
        assert!(matches!(task.next(until, &session), Next::Finished));
        assert!(task.outcome().unwrap().is_none());
        drop(task);
        assert_eq!(requests, 42);

        let events = events.lock().unwrap();
        assert!(events.contains(&(Phase::WaitPoll, Event::Waiting(until, WaitReason::Poll))));
        let moves = events.iter().filter(|(phase, event)| {
            matches!(event, Event::Moved(moved) if moved.to == *phase || moved.to == Phase::ReadyPoll)
        });
        assert_eq!((events.len(), moves.count()), (6, 5));
    }
}

//! What surrounds one request to a platform, whatever the platform: somebody who watches, and the
//! pauses between a read and its repeats.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::http::Response;
use crate::{Answer, Details, Exchange, Observer};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// Waits this long before a read is sent again.
pub type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Before the first repeat of a read; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Who has to wait longer than this is told so, and waits himself.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// No platform's id of an exchange is longer.
const LONGEST_ID: usize = 128;

/// The system's clock, for clients that are given no other.
#[expect(
    clippy::disallowed_methods,
    reason = "the default of an injected clock, for callers that have none of their own"
)]
pub fn system_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What was answered, with what support asks for.
pub fn answered<T>(value: T, details: Details) -> Answer<T> {
    Answer {
        value,
        request_id: details.request_id,
    }
}

/// What an answer says of itself, before anything in it is believed.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Status and request id.
    pub details: Details,
    /// The platform's own time.
    pub platform_time: Option<OffsetDateTime>,
}

impl Told {
    /// By its headers, one of which carries the platform's id of the exchange.
    pub fn by<B>(response: &Response<B>, id_header: &str) -> Self {
        let id = response.header(id_header);
        let time = response.header("Date");
        Self {
            details: Details {
                status: Some(response.status),
                request_id: id.map(|id| id.chars().take(LONGEST_ID).collect()),
                ..Details::default()
            },
            platform_time: time.and_then(|time| OffsetDateTime::parse(time, &Rfc2822).ok()),
        }
    }
}

/// What is counted of an exchange that did not give what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// As [`Exchange::outcome`].
    pub outcome: &'static str,
    /// The platform's code, if it gave one.
    pub code: Option<&'a str>,
}

/// One request under way, for whoever watches.
#[derive(Debug)]
pub struct Observed<'a> {
    observer: Option<&'a Arc<dyn Observer>>,
    exchange: Exchange<'a>,
    began: Instant,
}

impl<'a> Observed<'a> {
    /// It begins now.
    pub fn new(observer: Option<&'a Arc<dyn Observer>>, exchange: Exchange<'a>) -> Self {
        Self {
            observer,
            exchange,
            began: Instant::now(),
        }
    }

    /// It ended like this. Without an answer nothing was told; without a failure all is well.
    pub fn ended(self, told: Option<Told>, failure: Option<Failure<'_>>) {
        let (outcome, code) = failure.map_or(("ok", None), |it| (it.outcome, it.code));
        let Told {
            details,
            platform_time,
        } = told.unwrap_or_default();
        tracing::debug!(http.status = details.status, outcome, "exchanged");
        let Some(observer) = self.observer else {
            return;
        };
        observer.exchanged(&Exchange {
            status: details.status,
            outcome,
            code,
            request_id: details.request_id.as_deref(),
            duration: self.began.elapsed(),
            platform_time,
            ..self.exchange
        });
    }
}

/// How often a call has been sent, and how often it may be.
pub struct Attempts<'a> {
    pause: &'a Pause,
    most: u32,
    made: u32,
    next_pause: Duration,
}

impl<'a> Attempts<'a> {
    /// The first of at most so many. What changes something has one.
    pub const fn new(pause: &'a Pause, most: u32) -> Self {
        Self {
            pause,
            most,
            made: 1,
            next_pause: FIRST_PAUSE,
        }
    }

    /// The number of the present one, from 1.
    pub const fn number(&self) -> u32 {
        self.made
    }

    /// One more is made at once, another way: it counts, and needs no pause.
    pub const fn another(&mut self) {
        self.made += 1;
    }

    /// How long the pause is if the platform asks for none.
    pub const fn usual_pause(&self) -> Duration {
        self.next_pause
    }

    /// Waits this long before the next, and says whether there is one: not where none would help
    /// (`None`), where the wait is long, or when all have been made.
    pub async fn again(&mut self, wait: Option<Duration>) -> bool {
        let Some(wait) = wait.filter(|wait| self.made < self.most && *wait <= LONGEST_PAUSE) else {
            return false;
        };
        (self.pause)(wait).await;
        self.made += 1;
        self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        true
    }
}

impl fmt::Debug for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("most", &self.most)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_answer_tells_its_status_id_and_time() {
        let answer = |headers: &[(&str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Response {
                status: 502,
                headers: headers.collect(),
                body: (),
            }
        };
        let date = ("date", "Thu, 01 Jan 2026 04:00:09 GMT");
        let told = Told::by(&answer(&[date, ("ID", &"7".repeat(200))]), "id");
        assert_eq!(told.details.status, Some(502));
        assert_eq!(told.details.request_id, Some("7".repeat(128)));
        assert_eq!(told.platform_time, Some(datetime!(2026-01-01 04:00:09 UTC)));
        let told = Told::by(&answer(&[("date", "now")]), "id");
        assert_eq!((told.details.request_id, told.platform_time), (None, None));
    }

    #[derive(Debug, Default)]
    struct Watcher(Mutex<Vec<String>>);

    impl Observer for Watcher {
        fn exchanged(&self, it: &Exchange<'_>) {
            let line = format!(
                "{} {} {} {} {:?} {} {:?} {:?}",
                it.operation,
                it.merchant_id,
                it.host,
                it.attempt,
                it.status,
                it.outcome,
                it.code,
                it.request_id
            );
            self.0.lock().unwrap().push(line);
        }
    }

    #[test]
    fn who_watches_is_told_what_is_known() {
        let watcher = Arc::new(Watcher::default());
        let observer: Arc<dyn Observer> = watcher.clone();
        let begin =
            |observer| Observed::new(observer, Exchange::new("query", "1900", "a.example", 2));
        let details = Details {
            status: Some(200),
            request_id: Some("0be7".to_owned()),
            ..Details::default()
        };
        let told = Told {
            details,
            platform_time: None,
        };
        let failure = |outcome, code| Some(Failure { outcome, code });
        begin(Some(&observer)).ended(Some(told), failure("told", Some("NOT_FOUND")));
        begin(Some(&observer)).ended(None, failure("unknown", None));
        begin(Some(&observer)).ended(Some(Told::default()), None);
        begin(None).ended(None, None);
        assert_eq!(
            *watcher.0.lock().unwrap(),
            [
                "query 1900 a.example 2 Some(200) told Some(\"NOT_FOUND\") Some(\"0be7\")",
                "query 1900 a.example 2 None unknown None None",
                "query 1900 a.example 2 None ok None None",
            ]
        );
    }

    /// A pause that is written down and not waited for.
    fn recorded() -> (Pause, Arc<Mutex<Vec<u128>>>) {
        let waited = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&waited);
        let pause: Pause = Arc::new(move |length| {
            record.lock().unwrap().push(length.as_millis());
            Box::pin(std::future::ready(()))
        });
        (pause, waited)
    }

    #[tokio::test]
    async fn pauses_double_up_to_the_longest_and_end_with_the_attempts() {
        let (pause, waited) = recorded();
        let mut attempts = Attempts::new(&pause, 7);
        while attempts.again(Some(attempts.usual_pause())).await {}
        assert_eq!(*waited.lock().unwrap(), [200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(attempts.number(), 7);
    }

    #[tokio::test]
    async fn what_would_not_help_or_takes_long_is_not_tried() {
        let (pause, waited) = recorded();
        let mut attempts = Attempts::new(&pause, 3);
        assert!(!attempts.again(None).await);
        assert!(!attempts.again(Some(Duration::from_millis(2001))).await);
        attempts.another();
        assert!(attempts.again(Some(Duration::from_secs(2))).await);
        assert!(!attempts.again(Some(Duration::ZERO)).await);
        for most in [0, 1] {
            assert!(
                !Attempts::new(&pause, most)
                    .again(Some(Duration::ZERO))
                    .await
            );
        }
        assert_eq!(*waited.lock().unwrap(), [2000]);
    }
}

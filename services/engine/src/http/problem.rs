//! Errors as clients see them: RFC 9457 problem details with a stable code, and nothing personal.
//!
//! Deliberately absent: internals, which are logged by kind and never sent.

use crate::executor::ExecuteError;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kit::facts::BadFact;
use serde::Serialize;

/// A problem.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// A stable address of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable code that clients switch on.
    pub code: String,
    /// What it is, in English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Where in the body, for problems with facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FactProblem>,
}

/// One fact that cannot be taken.
#[derive(Debug, Clone, Serialize)]
pub struct FactProblem {
    /// JSON Pointer into the body.
    pub pointer: String,
    /// `unknown_fact`, `missing_fact`, `wrong_type` or `invalid_value`.
    pub code: &'static str,
}

/// Every code that is not a rule's own, with its status and title: the documents list them.
pub const COMMON: &[(u16, &str, &str)] = &[
    (400, "body_not_json", "The body is not JSON of the expected form, or has a member twice."),
    (400, "header_twice", "A header that may stand once stands twice."),
    (400, "idempotency_key_missing", "The header Idempotency-Key is missing or has more than 128 visible characters."),
    (400, "if_match_invalid", "The header If-Match does not hold a version in quotes."),
    (400, "query_invalid", "A query parameter cannot be read."),
    (401, "unauthorized", "A valid token is needed."),
    (403, "forbidden", "This is not yours to do."),
    (404, "not_found", "There is nothing here for you."),
    (404, "unknown_action", "There is no such action."),
    (405, "method_not_allowed", "This address does not take that method."),
    (408, "body_too_slow", "The body did not come in time."),
    (409, "refused", "A rule refuses."),
    (410, "erased", "The person's data were erased."),
    (412, "changed", "The case has changed since that version."),
    (413, "body_too_large", "The body is larger than 256 KiB."),
    (422, "facts_invalid", "Facts cannot be taken as they are."),
    (422, "key_reused", "The idempotency key was used for another command."),
    (429, "too_many_requests", "Too many requests; wait a moment."),
    (503, "crowded", "Too many requests at once from everybody; wait a moment."),
    (503, "busy", "Too many commands for one case at once; send it again with the same key."),
    (503, "not_as_kept", "It is not what was kept there last, and is not shown: keep it anew."),
    (503, "not_heard", "It is not known yet who may see her; ask again in a moment."),
    (503, "unavailable", "No answer from the store; send it again with the same key."),
];

impl Problem {
    /// A problem by its parts.
    #[must_use]
    pub fn of(status: u16, code: &str, title: &str) -> Self {
        let kind = format!("https://schemas.livline.dk/problems/{code}");
        Self { kind, code: code.to_owned(), title: title.to_owned(), status, errors: Vec::new() }
    }

    /// One of the common problems.
    #[must_use]
    pub fn common(code: &str) -> Self {
        let known = COMMON.iter().find(|(_, known, _)| *known == code);
        known.map_or_else(
            || Self::of(500, "internal", "Something went wrong here."),
            |(status, code, title)| Self::of(*status, code, title),
        )
    }

    /// What is answered for what does not exist and for what is somebody else's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::common("not_found")
    }

    /// A rule's refusal, in the words of the contract.
    #[must_use]
    pub fn refused(code: &str, title: &str) -> Self {
        Self::of(409, code, title)
    }
}

impl From<BadFact> for Problem {
    fn from(bad: BadFact) -> Self {
        Self {
            errors: vec![FactProblem { pointer: bad.pointer, code: bad.mistake.into() }],
            ..Self::common("facts_invalid")
        }
    }
}

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::NotFound => Self::not_found(),
            ExecuteError::Changed => Self::common("changed"),
            ExecuteError::KeyReused => Self::common("key_reused"),
            ExecuteError::Refused { code } => Self::refused(code, "A rule refuses."),
            ExecuteError::Fact(bad) => bad.into(),
            ExecuteError::Erased => Self::common("erased"),
            ExecuteError::Busy => Self::common("busy"),
            ExecuteError::Unavailable | ExecuteError::Unreadable => Self::common("unavailable"),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(error = crate::journal::error_kind(&error), "a query failed");
        Self::common("unavailable")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

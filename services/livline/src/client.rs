//! The services' HTTP API as a client of this machine: with tokens of a data folder.
//!
//! Deliberately absent: retries (the demo's) and what an answer means.

use crate::{configuration, failure::Failure, token};
use engine::{http::AT_LEAST, tokens::Issuer};
use kit::access::Principal;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::{path::Path, time::Duration};

/// A client with the tokens of one data folder.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    issuer: Issuer,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Nobody listens, or the connection broke.
    #[error("{0} does not answer: is `livline up` running on this data folder?")]
    Silent(String),
    /// The answer is a problem, by status and code.
    #[error("It was answered with {1} ({0}).")]
    Problem(StatusCode, String),
    /// No token can be made.
    #[error(transparent)]
    Token(Failure),
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Token(failure) => failure,
            other => Self::Other(other.to_string()),
        }
    }
}

impl Client {
    /// A client for the services of a data folder.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        // All of them are on this machine: no proxy, and a short wait.
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(20))
            .build();
        let http = http.map_err(|_| Failure::Other("The system gives no HTTP client.".into()))?;
        Ok(Self { http, issuer: token::issuer(folder)? })
    }

    /// Reads, as somebody.
    pub async fn get(&self, url: &str, query: &[(&str, &str)], who: &Principal) -> Result<Value, Unanswered> {
        self.send(self.http.get(url).query(query), url, who).await
    }

    /// Sends a command, as somebody, that is not to be decided before what is `known` was heard there: positions by commas, or nothing.
    pub async fn post(
        &self,
        url: &str,
        key: &str,
        body: &Value,
        (who, known): (&Principal, &str),
    ) -> Result<Value, Unanswered> {
        let request = self.http.post(url).header("Idempotency-Key", key).json(body);
        let request = if known.is_empty() { request } else { request.header(AT_LEAST, known) };
        self.send(request, url, who).await
    }

    /// Whether the timeline has reached these positions (`housing:12,aftercare:3`); it waits a moment for them.
    pub async fn is_at(&self, url: &str, positions: &str, who: &Principal) -> Result<bool, Unanswered> {
        let response = self.ask(self.http.get(url).query(&[("at_least", positions)]), url, who).await?;
        Ok(response.status().is_success() && !response.headers().contains_key("livline-behind"))
    }

    async fn ask(&self, request: RequestBuilder, url: &str, who: &Principal) -> Result<Response, Unanswered> {
        let token = token::issue(&self.issuer, who).map_err(Unanswered::Token)?;
        request.bearer_auth(token).send().await.map_err(|_| silent(url))
    }

    async fn send(&self, request: RequestBuilder, url: &str, who: &Principal) -> Result<Value, Unanswered> {
        let response = self.ask(request, url, who).await?;
        let status = response.status();
        let body: Value = response.json().await.map_err(|_| silent(url))?;
        if status.is_success() {
            return Ok(body);
        }
        let code = body.get("code").and_then(Value::as_str).unwrap_or("no code");
        Err(Unanswered::Problem(status, code.to_owned()))
    }
}

fn silent(url: &str) -> Unanswered {
    Unanswered::Silent(url.split("/v1/").next().unwrap_or(url).to_owned())
}

/// Where a service of a data folder listens.
pub fn address(folder: &Path, service: &str) -> Result<String, Failure> {
    let file = configuration::file(folder, service);
    let settings = std::fs::read_to_string(&file).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let listen = settings.as_ref().and_then(|settings| settings.get("listen")?.as_str());
    listen.map(|listen| format!("http://{listen}")).ok_or_else(|| {
        Failure::Other(format!(
            "There is no readable {}: start `livline up` first, or name its data folder with --data.",
            file.display()
        ))
    })
}

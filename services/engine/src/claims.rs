//! What there is one of among a centre's aggregates, and who holds it.
//!
//! The journal takes and gives it back with a command's events; here is in which form it is stored, and who holds it now. Each centre has
//! claims of its own: another one's are neither refused nor warned about, for either would tell that the other has them. What all know of
//! each other anyway (a centre's name) there may be one of in all. Deliberately absent: what is claimed ([`Decider::claims`]), and how a keeper is warned ([`crate::keepers`]).

use crate::executor::{ExecuteError, Executor, unreadable};
use kit::{AggregateId, CentreId, Decider, case::CommonRejection, decider::Claim};

/// A change of claims as the journal takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Takes what no other aggregate of the centre holds.
    Take {
        /// The centre's own digest of it.
        key: String,
        /// The digest that is the same at each centre, where whoever holds it elsewhere is warned.
        everywhere: Option<String>,
    },
    /// Gives it back.
    Release {
        /// The centre's own digest of it.
        key: String,
    },
}

/// What came of the attempts at a command so far.
#[derive(Default)]
pub(crate) struct Tried {
    /// Whether what one of them sent may be stored.
    pub(crate) unknown: bool,
    /// How many choices of what the service makes itself another aggregate holds.
    pub(crate) choice: u32,
    /// The claim that another aggregate held the last time.
    lost: Option<String>,
}

impl<D: Decider> Executor<D> {
    /// A change of claims as it is stored.
    pub(crate) fn stored(&self, centre: CentreId, claim: &Claim) -> Held {
        match claim {
            Claim::Take(claim) => Held::Take { key: self.digested(centre, claim), everywhere: self.everywhere(claim) },
            Claim::Release(claim) => Held::Release { key: self.digested(centre, claim) },
        }
    }

    /// The digest of a claim that is the same at each centre; `None` where nobody is warned of it.
    pub(crate) fn everywhere(&self, claim: &str) -> Option<String> {
        D::warned_of(claim).map(|_| self.secret.opaque(&["claim at any centre", claim]).to_string())
    }

    /// A claim as it is stored: what it is about may be guessed, so only a digest under the service's secret is kept. What stands behind
    /// a `#` tells several holders apart, and stays.
    fn digested(&self, centre: CentreId, claim: &str) -> String {
        let (about, holder) = claim.split_once('#').map_or((claim, None), |(about, holder)| (about, Some(holder)));
        let about = if D::is_one_of_all(claim) {
            self.secret.opaque(&["the one claim", about])
        } else {
            self.secret.opaque(&["claim", &centre.to_string(), about])
        };
        holder.map_or_else(|| about.to_string(), |holder| format!("{about}#{holder}"))
    }

    /// Whether another aggregate of the centre holds a claim about the same; `claim` may end with the `#` behind which holders are told
    /// apart.
    pub(crate) async fn taken(
        &self,
        claim: &str,
        (centre, aggregate): (CentreId, AggregateId),
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM claims WHERE starts_with(key, $1) AND aggregate_id <> $2)")
            .bind(self.digested(centre, claim))
            .bind(aggregate.to_string())
            .fetch_one(&self.pool)
            .await
    }

    /// Another aggregate holds what a command would take. With another choice it takes something else, where the service makes it;
    /// what stays the same was asked for, and is refused.
    pub(crate) async fn lose(
        &self,
        claims: &[Claim],
        at: (CentreId, AggregateId),
        tried: &mut Tried,
    ) -> Result<(), ExecuteError> {
        let lost = self.lost(claims, at).await.map_err(|error| unreadable(&error))?;
        // What was given back meanwhile is free.
        let Some(claim) = lost else { return Ok(()) };
        if tried.lost.as_ref() == Some(&claim) {
            let code = D::claimed(&claim).map_or(CommonRejection::ClaimTaken.into(), Into::into);
            return Err(ExecuteError::Refused { code });
        }
        tried.choice += 1;
        tried.lost = Some(claim);
        Ok(())
    }

    /// The first of what a command would take that another aggregate holds now.
    async fn lost(&self, claims: &[Claim], at: (CentreId, AggregateId)) -> Result<Option<String>, sqlx::Error> {
        for claim in claims {
            match claim {
                Claim::Take(claim) if self.taken(claim, at).await? => return Ok(Some(claim.clone())),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Takes the claims again that a migration took away because their form has changed: what they are about is known once an aggregate
    /// is folded. What does not load keeps its turn until the next start.
    pub(crate) async fn retake(&self) -> Result<(), sqlx::Error> {
        let noted = "SELECT aggregate_id::uuid FROM claims_to_retake WHERE aggregate_type = $1 ORDER BY aggregate_id";
        let noted = sqlx::query_scalar(noted).bind(D::TYPE).fetch_all(&self.pool).await?;
        for aggregate in noted.into_iter().map(AggregateId) {
            let loaded = match self.load(aggregate).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::error!(service = self.service, %aggregate, %error, "its claims cannot be taken again");
                    continue;
                }
            };
            let Some(opened) = loaded.case.opened() else { continue };
            let claims = loaded.case.domain().claims();
            let keys: Vec<String> = claims.iter().map(|claim| self.digested(opened.centre, claim)).collect();
            let digests: Vec<Option<String>> = claims.iter().map(|claim| self.everywhere(claim)).collect();
            sqlx::query("SELECT retake($1, $2, $3, $4)")
                .bind(D::TYPE)
                .bind(aggregate.to_string())
                .bind(keys)
                .bind(digests)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }
}

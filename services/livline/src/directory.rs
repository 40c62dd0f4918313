//! `livline centre` and `livline worker`: the directory of staff and centres, kept through the API of a running installation.
//!
//! An installation begins without anybody, so its operator registers the first centres and their leaders here, in a leader's name. Deliberately
//! absent: any way into the data but the API's, and sign-in.

use crate::{
    cli::Data,
    client::{self, Client, Unanswered},
    cluster::DataFolder,
    failure::Failure,
    terminal,
    token::demo_centre,
};
use clap::{Args, Subcommand};
use engine::clock::{Clock, random_id};
use kit::{
    ActorId, CentreId, Day,
    access::{Principal, Role},
    directory::StaffRole,
    ids::derive_id,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Who acts where the operator does.
const OPERATOR: &str = "operator";

/// `livline centre`
#[derive(Debug, Args)]
pub struct Centres {
    #[command(subcommand)]
    what: CentreCommand,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Subcommand)]
enum CentreCommand {
    /// Register a centre; its id is made of its name unless it is given
    Add {
        /// Its name, by which others choose it
        #[arg(long)]
        name: String,
        /// Its id
        #[arg(long, value_name = "UUID")]
        id: Option<CentreId>,
    },
    /// Give a centre another name
    Rename {
        /// Which
        centre: CentreId,
        /// Its name from now on
        #[arg(long)]
        name: String,
    },
    /// Close a centre: nobody can move there any more
    Close {
        /// Which
        centre: CentreId,
    },
    /// List all centres
    List,
}

/// `livline worker`
#[derive(Debug, Args)]
pub struct Workers {
    #[command(subcommand)]
    what: WorkerCommand,
    #[command(flatten)]
    data: Data,
    /// The centre [default: the first centre of the demo]
    #[arg(long, value_name = "UUID", global = true)]
    centre: Option<CentreId>,
}

#[derive(Debug, Subcommand)]
enum WorkerCommand {
    /// Register somebody who works at the centre
    Add {
        /// The id by which everything goes, and with which they sign in
        worker: ActorId,
        /// The name that colleagues see
        #[arg(long)]
        name: String,
        /// `worker`, `leader`, `temp` or `volunteer`
        #[arg(long, default_value = "worker", value_parser = role)]
        role: StaffRole,
        /// The first day [default: today]
        #[arg(long, value_name = "DAY")]
        from: Option<Day>,
        /// The last day
        #[arg(long, value_name = "DAY")]
        until: Option<Day>,
    },
    /// Give somebody another name, role or last day
    Change {
        /// Who
        worker: ActorId,
        /// The name that colleagues see
        #[arg(long)]
        name: Option<String>,
        /// `worker`, `leader`, `temp` or `volunteer`
        #[arg(long, value_parser = role)]
        role: Option<StaffRole>,
        /// The last day
        #[arg(long, value_name = "DAY")]
        until: Option<Day>,
    },
    /// End somebody's time at the centre
    End {
        /// Who
        worker: ActorId,
        /// The last day [default: today]
        #[arg(long, value_name = "DAY")]
        last_day: Option<Day>,
    },
    /// List the staff of the centre
    List,
}

fn role(text: &str) -> Result<StaffRole, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|_| "not a role".to_owned())
}

/// The directory of one installation, as the operator keeps it.
struct Directory {
    client: Client,
    people: String,
}

impl Directory {
    fn open(data: &Data) -> Result<Self, Failure> {
        let folder = DataFolder::locate(data.folder().as_deref())?;
        Ok(Self { client: Client::new(&folder)?, people: client::address(&folder, people::SERVICE)? })
    }

    /// In the name of whoever leads a centre.
    fn principal(centre: CentreId) -> Principal {
        let actor = OPERATOR.parse().unwrap_or_else(|_| ActorId::service(OPERATOR));
        Principal { actor, role: Role::Leader, centre: Some(centre) }
    }

    /// Sends an action. What is so already is nothing new, so no key need be kept.
    async fn send(&self, centre: CentreId, path: &str, facts: Value) -> Result<Value, Failure> {
        let url = format!("{}/v1/{path}", self.people);
        let key = random_id().to_string();
        let who = Self::principal(centre);
        let answer = self.client.post(&url, &key, &json!({ "facts": facts }), (&who, "")).await;
        answer.map_err(|unanswered| match unanswered {
            Unanswered::Problem(StatusCode::CONFLICT, code) => Failure::Other(match code.as_str() {
                "centre_registered" => "The centre is registered already.".into(),
                "worker_registered" => "Somebody with that id works there already.".into(),
                "until_before_from" => "The last day is before the first.".into(),
                code => format!("It was refused ({code})."),
            }),
            other => other.into(),
        })
    }

    /// What a list of the directory has.
    async fn list(&self, centre: CentreId, name: &str) -> Result<Vec<Value>, Failure> {
        let mut answer = self.client.get(&format!("{}/v1/{name}", self.people), &[], &Self::principal(centre)).await?;
        Ok(answer.get_mut(name).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default())
    }

    /// The id of an entry of a list.
    async fn entry(&self, centre: CentreId, list: &str, member: &str, wanted: &str) -> Result<String, Failure> {
        let all = self.list(centre, list).await?;
        let found = all.iter().find(|entry| entry.get(member).and_then(Value::as_str) == Some(wanted));
        let id = found.and_then(|entry| entry.get("id")?.as_str()).map(str::to_owned);
        id.ok_or_else(|| Failure::Other(format!("The directory of that centre does not hold {wanted}.")))
    }
}

/// Keeps centres.
pub async fn centres(options: &Centres) -> Result<(), Failure> {
    let directory = Directory::open(&options.data)?;
    match &options.what {
        CentreCommand::Add { name, id } => {
            let centre = id.unwrap_or_else(|| CentreId(derive_id(&["centre", name])));
            directory.send(centre, "centres", json!({ "name": name })).await?;
            terminal::say(format!("{centre}"));
        }
        CentreCommand::Rename { centre, name } => {
            let entry = directory.entry(*centre, "centres", "centre", &centre.to_string()).await?;
            directory.send(*centre, &format!("centres/{entry}/rename-centre"), json!({ "name": name })).await?;
        }
        CentreCommand::Close { centre } => {
            let entry = directory.entry(*centre, "centres", "centre", &centre.to_string()).await?;
            directory.send(*centre, &format!("centres/{entry}/close-centre"), json!({})).await?;
        }
        CentreCommand::List => {
            for entry in directory.list(CentreId::default(), "centres").await? {
                let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or("-").to_owned();
                let closed = entry.get("closed").and_then(Value::as_bool).unwrap_or_default();
                terminal::say(format!(
                    "{}  {}{}",
                    text("centre"),
                    text("name"),
                    if closed { "  (closed)" } else { "" }
                ));
            }
        }
    }
    Ok(())
}

/// Keeps the staff of a centre.
pub async fn workers(options: &Workers) -> Result<(), Failure> {
    let directory = Directory::open(&options.data)?;
    let centre = options.centre.unwrap_or_else(|| demo_centre(1));
    match &options.what {
        WorkerCommand::Add { worker, name, role, from, until } => {
            let mut facts = json!({ "worker": worker, "name": name, "role": role });
            add(&mut facts, "from", from.map(|day| json!(day)));
            add(&mut facts, "until", until.map(|day| json!(day)));
            directory.send(centre, "staff", facts).await?;
        }
        WorkerCommand::Change { worker, name, role, until } => {
            let mut facts = json!({});
            add(&mut facts, "name", name.as_ref().map(|name| json!(name)));
            add(&mut facts, "role", role.map(|role| json!(role)));
            add(&mut facts, "until", until.map(|day| json!(day)));
            let entry = directory.entry(centre, "staff", "worker", worker.as_str()).await?;
            directory.send(centre, &format!("staff/{entry}/change-worker"), facts).await?;
        }
        WorkerCommand::End { worker, last_day } => {
            let last_day = last_day.unwrap_or_else(|| Clock::system().today().into());
            let entry = directory.entry(centre, "staff", "worker", worker.as_str()).await?;
            directory.send(centre, &format!("staff/{entry}/end-work"), json!({ "last_day": last_day })).await?;
        }
        WorkerCommand::List => {
            for entry in directory.list(centre, "staff").await? {
                let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or("-").to_owned();
                let days = format!("{} – {}", text("from"), text("until"));
                terminal::say(format!("{:24} {:9} {:23} {}", text("worker"), text("role"), days, text("name")));
            }
        }
    }
    Ok(())
}

fn add(facts: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(members), Some(value)) = (facts.as_object_mut(), value) {
        members.insert(name.to_owned(), value);
    }
}

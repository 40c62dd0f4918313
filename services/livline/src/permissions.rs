//! What a service may say and hear on NATS: its own stream to write, every stream to read, nothing else.
//!
//! The subjects are those that `engine::relay` and `engine::reader` use. Deliberately absent: agencies, which get accounts of their
//! own; users of one account can always reach into each other's replies.

use crate::{
    cluster::{DataFolder, NatsUser},
    failure::Failure,
    secrets,
    services::{Kind, Listed},
};
use engine::nats::{head_subject, stream_name, subject};

/// The NATS user of a service.
pub fn user(folder: &DataFolder, service: &Listed) -> Result<NatsUser, Failure> {
    let name = service.name;
    let mut publish = reading();
    if service.kind == Kind::Domain {
        publish.extend(writing(name));
    }
    Ok(NatsUser {
        name: name.to_owned(),
        password: folder.secret(&secrets::nats_password_name(name))?,
        publish,
        subscribe: vec!["_INBOX.>".into(), head_subject("*")],
    })
}

/// A stream is looked up and read by a consumer that is made for the occasion.
fn reading() -> Vec<String> {
    let verbs = ["STREAM.INFO.*", "CONSUMER.CREATE.>", "CONSUMER.INFO.>", "CONSUMER.MSG.NEXT.>", "CONSUMER.DELETE.>"];
    verbs.iter().map(|verb| format!("$JS.API.{verb}")).collect()
}

fn writing(service: &str) -> Vec<String> {
    let stream = stream_name(service);
    let verbs = ["STREAM.CREATE", "STREAM.DELETE", "STREAM.MSG.GET"];
    let own = verbs.iter().map(|verb| format!("$JS.API.{verb}.{stream}"));
    own.chain([subject(service, "*"), head_subject(service)]).collect()
}

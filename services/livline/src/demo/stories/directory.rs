//! Who works at the demo's centres, and how these are called: none of them is there.
//!
//! Deliberately absent: who does what ([`super::super::staff`]).

use super::{
    super::{plan::Story, staff::Staff},
    COURSES,
};
use crate::token;
use kit::{access::Role, directory::StaffRole};
use people::{centre::Centre, staff::Staff as Worker};
use serde_json::json;

/// The centres' names, in their order.
const CENTRES: [&str; 7] = ["Birkely", "Elmely", "Fjordhuset", "Lindehuset", "Havblik", "Engly", "Gammelgård"];
/// Names of volunteers, in turn.
const VOLUNTEERS: [&str; 8] =
    ["Grethe Olsen", "Bodil Vang", "Jytte Bak", "Inge Kær", "Ulla Riis", "Tove Dam", "Else Høj", "Kirsten Lund"];

/// The centre, and everybody who works there.
pub(super) fn registers(story: &mut Story) {
    let name = CENTRES.get(usize::from(story.centre) - 1).copied().unwrap_or_default();
    story.about_nobody::<Centre>(0, "register-centre", json!({ "name": name })).by(Staff::Leader);
    story
        .about_nobody::<Centre>(0, "rename-centre", json!({ "name": format!("Krisecenter {name}") }))
        .by(Staff::Leader);
    for (staff, name) in Staff::everybody() {
        let worker = story.actor(staff).to_string();
        register(story, &worker, name, role(staff.role()));
    }
    let colleague = story.actor(Staff::Colleague).to_string();
    register(story, &colleague, "Dorte Bruun", StaffRole::Worker);
    if story.centre == 1 {
        // Whoever tries the demo.
        register(story, token::usual().actor.as_str(), "Demo Bruger", StaffRole::Leader);
    }
    let centre = usize::from(story.centre) - 1;
    let women = (0..COURSES.len()).filter(|woman| woman % usize::from(super::CENTRES) == centre);
    for (name, woman) in VOLUNTEERS.iter().cycle().zip(women) {
        let volunteer = volunteer(story.centre, woman);
        register(story, &volunteer, name, StaffRole::Volunteer);
    }
    // Somebody who came as a temp stayed, and has left since.
    let former = format!("demo-{}-tidligere", story.centre);
    register(story, &former, "Vibeke Juhl", StaffRole::Temp);
    story.about_nobody::<Worker>(0, "change-worker", json!({ "role": "worker" })).by(Staff::Leader);
    let last_day = story.day(20);
    story.about_nobody::<Worker>(20, "end-work", json!({ "last_day": last_day })).by(Staff::Leader);
}

/// A centre that takes nobody in any more.
pub(super) fn closes(story: &mut Story) {
    let name = CENTRES.get(usize::from(story.centre) - 1).copied().unwrap_or_default();
    story
        .about_nobody::<Centre>(0, "register-centre", json!({ "name": format!("Krisecenter {name}") }))
        .by(Staff::Leader);
    story.about_nobody::<Centre>(1, "close-centre", json!({})).by(Staff::Leader);
}

/// The volunteer who goes with a woman: nobody goes with two women on one day.
pub(super) fn volunteer(centre: u8, woman: usize) -> String {
    format!("demo-{centre}-frivillig-{woman}")
}

fn register(story: &mut Story, worker: &str, name: &str, role: StaffRole) {
    let facts = json!({ "worker": worker, "name": name, "role": role });
    story.about_nobody::<Worker>(0, "register-worker", facts).by(Staff::Leader);
}

fn role(role: Role) -> StaffRole {
    match role {
        Role::Leader => StaffRole::Leader,
        Role::Temp => StaffRole::Temp,
        Role::Volunteer => StaffRole::Volunteer,
        Role::Worker | Role::Secretariat | Role::Service => StaffRole::Worker,
    }
}

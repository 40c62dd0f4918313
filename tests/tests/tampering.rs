//! Whoever may write to a database, with the service's role or as its administrator, gives nobody access by it: what is changed, put there,
//! taken away or put back is without effect, or noticed by the service within a minute and named by `livline verify`.

use aftercare::heard::KnowCourse;
use engine::{database, nats, relations::READER, store};
use kit::{CentreId, Policy, access::Role, contract::Contract, ids::derive_id};
use livline::{
    installation::Domain,
    provision,
    services::Kind,
    verify::{self, Part},
};
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually,
    history::{assert_published, has_heard, orders_noted},
};
use reqwest::Method;
use safety::policy::RaiseAlerts;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// Where she went: only who is on duty, her contact person and the leader read it.
const PLACE: &str = "Kanariegade 11";

fn contracts() -> Vec<Contract> {
    livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect()
}

/// A house with one woman, her case with a place in it, and somebody who does not read it.
struct House {
    ground: Ground,
    _running: Vec<Running>,
    leader: Client,
    curious: Client,
    woman: Uuid,
    case: String,
    /// The services that `livline verify` looks at.
    domains: Vec<&'static str>,
}

impl House {
    async fn new() -> Self {
        let ground = Ground::start().await;
        let running = vec![ground.housing().await, ground.aftercare().await, ground.timeline(contracts()).await];
        let (leader, woman) = (ground.leader(), Uuid::new_v4());
        let case = leader.open("housing", woman).await;
        leader.act("housing", &case, "place-pet", json!({ "place": PLACE })).await.ok();
        let curious = ground.client(Role::Worker, Some(CENTRE)).named("w-curious");
        let domains = vec!["people", "aftercare", "housing"];
        let house = Self { ground, _running: running, leader, curious, woman, case, domains };
        house.heard().await;
        let course = house.course();
        eventually("she has a course", async || Some(house.leader.get("timeline", &course).await).filter(shows)).await;
        assert!(!house.curious_reads().await);
        house
    }

    fn course(&self) -> String {
        format!("/v1/women/{}/timeline", self.woman)
    }

    fn events(&self) -> String {
        format!("/v1/cases/{}/events", self.case)
    }

    /// Whether somebody who has no right to it reads the place anywhere.
    async fn curious_reads(&self) -> bool {
        let (course, events) = (self.course(), self.events());
        shows(&self.curious.get_once("timeline", &course).await)
            || shows(&self.curious.get_once("housing", &events).await)
    }

    /// Until every service has heard what people and aftercare have recorded.
    async fn heard(&self) {
        for keeper in ["people", "housing", "aftercare", "timeline"] {
            has_heard(&self.ground, keeper, READER, &["people", "aftercare"]).await;
        }
    }

    async fn pool(&self, service: &str) -> PgPool {
        self.ground.pool(&format!("livline_{service}")).await
    }

    /// Statements as the administrator.
    async fn sql(&self, service: &str, statements: &str) {
        sqlx::raw_sql(statements).execute(&self.pool(service).await).await.unwrap();
    }

    /// What `livline verify` names, by service and part.
    async fn named(&self) -> Vec<(String, Part, String)> {
        let mut domains: Vec<Domain> = Vec::new();
        for service in &self.domains {
            domains.push(self.ground.domain(service).await);
        }
        let url = self.ground.postgres.admin_url("livline_timeline").into();
        let report = verify::run(&domains, &url).await.unwrap();
        report.findings.into_iter().map(|finding| (finding.service, finding.part, finding.what)).collect()
    }

    /// Has services' rows changed, until `livline verify` names each of them: a service may have noticed and mended it before.
    async fn tampers(&self, services: &[&str], part: Part, statements: &str) {
        eventually(&format!("{part} of {services:?} is named"), async || {
            for service in services {
                // What the service hears anew at that moment may be in the way.
                let _ = sqlx::raw_sql(statements).execute(&self.pool(service).await).await;
            }
            let named = self.named().await;
            let is_named = |service: &&str| named.iter().any(|(of, is, _)| of == service && *is == part);
            services.iter().all(is_named).then_some(())
        })
        .await;
    }

    async fn is_named(&self, service: &str, part: Part) {
        let named = self.named().await;
        assert!(named.iter().any(|(of, is, _)| of == service && *is == part), "{service} {part}: {named:?}");
    }

    fn duty(&self, worker: &str) -> Value {
        let at = kit::calendar::in_copenhagen_time(self.ground.clock.now() + time::Duration::hours(8));
        let until = format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute());
        json!({ "facts": { "worker": worker, "kind": "on_duty", "until": until } })
    }

    async fn log(&self, action: &str, facts: Value) {
        self.leader.act_for(self.woman, action, facts).await.ok();
        self.heard().await;
    }
}

fn shows(answer: &Answer) -> bool {
    answer.body.to_string().contains(PLACE)
}

/// A row in `duties`, put there or changed, is nobody's duty; one of before is not for longer than a minute.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_put_on_duty_by_a_row() {
    let house = House::new().await;
    assert_eq!(house.named().await, []);
    let centre = CENTRE;
    let put = format!(
        "INSERT INTO duties (aggregate, centre, worker, kind, entry, since, until)
         VALUES (gen_random_uuid(), '{centre}', 'w-curious', 'on_duty', 1, now() - interval '1 hour', now() + interval '1 day')"
    );
    for keeper in ["people", "housing", "timeline"] {
        house.sql(keeper, &put).await;
        assert!(!house.curious_reads().await, "{keeper}");
    }
    let kept = house
        .leader
        .put("people", &format!("/v1/women/{}/vault/address", house.woman), "k", json!({ "value": PLACE }))
        .await;
    let value = format!("/v1/women/{}/vault/{}", house.woman, kept.ok().text("reference"));
    assert_eq!(house.curious.get("people", &value).await.status, 404);
    // Within a minute it is gone, and verify names it until then.
    for keeper in ["housing", "timeline"] {
        let pool = house.pool(keeper).await;
        eventually("what was put there is dropped", async || {
            let left: i64 = sqlx::query_scalar("SELECT count(*) FROM duties").fetch_one(&pool).await.unwrap();
            (left == 0).then_some(())
        })
        .await;
    }
    house.heard().await;

    // Somebody's real duty becomes another one's, begins anew, or is put back when it is over.
    house.leader.employ(&["w-nurse"]).await;
    let duty = house.leader.post("people", "/v1/duties", "duty", house.duty("w-nurse")).await.ok().text("id");
    house.heard().await;
    let nurse = house.ground.client(Role::Worker, Some(CENTRE)).named("w-nurse");
    let events = house.events();
    eventually("the nurse is on duty", async || Some(nurse.get_once("housing", &events).await).filter(shows)).await;
    house.sql("housing", "CREATE TABLE of_before AS SELECT * FROM duties").await;
    house.sql("housing", "UPDATE duties SET worker = 'w-curious'").await;
    assert!(!house.curious_reads().await);
    house.tampers(&["housing"], Part::Access, "UPDATE duties SET worker = 'w-curious'").await;
    house.sql("housing", "UPDATE duties SET worker = 'w-nurse', until = until + interval '1 year'").await;
    assert!(!shows(&nurse.get_once("housing", &events).await), "not a moment longer");
    house.sql("housing", "DELETE FROM duties; INSERT INTO duties SELECT * FROM of_before").await;
    house.leader.post("people", &format!("/v1/duties/{duty}/end-duty"), "end", json!({})).await.ok();
    house.heard().await;
    eventually("it is over", async || (!shows(&nurse.get_once("housing", &events).await)).then_some(())).await;
    house.tampers(&["housing"], Part::Access, "DELETE FROM duties; INSERT INTO duties SELECT * FROM of_before").await;
    eventually("what was put back is noticed", async || {
        let pool = house.pool("housing").await;
        let ended = "SELECT coalesce(bool_and(ended IS NOT NULL), false) FROM duties";
        let ended: bool = sqlx::query_scalar(ended).fetch_one(&pool).await.unwrap();
        (ended && !shows(&nurse.get_once("housing", &events).await)).then_some(())
    })
    .await;
    house.heard().await;
    assert_eq!(house.named().await, [], "and heard again");
}

/// A row put into the directory makes nobody known, one that is taken away is noticed, and what a name says is not changed.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_put_into_the_directory() {
    let house = House::new().await;
    house.leader.employ(&["w-nurse"]).await;
    house.heard().await;
    let key = {
        let made =
            house.leader.act("housing", &house.case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
        format!("offer/{}/answer", made.body["events"][0]["facts"]["offer"].as_str().unwrap())
    };
    let give = async |worker: &str| {
        let facts = json!({ "key": key, "responsible": worker });
        house.leader.act("housing", &house.case, "assign-follow-up", facts).await.code().to_owned()
    };
    assert_eq!((give("w-nurse").await.as_str(), give("w-curious").await.as_str()), ("", "unknown_worker"));
    house.sql("housing", "CREATE TABLE directory_of_before AS SELECT * FROM directory").await;
    // Somebody else's row, and the own one once more under another id.
    let another =
        "INSERT INTO directory SELECT gen_random_uuid(), centre, kind, facts, mac FROM directory WHERE kind = 'staff'";
    house.tampers(&["housing"], Part::Access, another).await;
    assert_eq!(give("w-curious").await, "unknown_worker");
    house.tampers(&["housing"], Part::Access, "DELETE FROM directory").await;
    house.sql("housing", "UPDATE directory SET facts = '{}'").await;
    // It is noticed without anybody's asking, and heard again.
    let pool = house.pool("housing").await;
    eventually("it is heard again", async || {
        let same = "SELECT (SELECT count(*) FROM directory) > 0 AND NOT EXISTS
            (SELECT aggregate FROM directory EXCEPT SELECT aggregate FROM directory_of_before)";
        let same: bool = sqlx::query_scalar(same).fetch_one(&pool).await.unwrap();
        same.then_some(())
    })
    .await;
    house.heard().await;
    assert_eq!(house.named().await, []);
}

/// Events that somebody appends with the service's role, or that an administrator changes, takes away or puts there once more.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_of_events_that_the_service_did_not_store() {
    let house = House::new().await;
    house.leader.employ(&["w-curious"]).await;
    let duty = house.leader.post("people", "/v1/duties", "duty", house.duty("w-curious")).await.ok().text("id");
    house.heard().await;
    eventually("on duty", async || house.curious_reads().await.then_some(())).await;
    house.leader.post("people", &format!("/v1/duties/{duty}/end-duty"), "end", json!({})).await.ok();
    house.heard().await;
    eventually("over", async || (!house.curious_reads().await).then_some(())).await;

    // With the service's role: another duty in the words of the first.
    house.sql("people", "CREATE ROLE service_of_people LOGIN PASSWORD 'x'").await;
    house.sql("people", &provision::grants(Kind::Domain, &database::SERVICE, "service_of_people")).await;
    let another = Uuid::new_v4();
    let forge = format!(
        "SET ROLE service_of_people;
         SELECT append(ARRAY['duty'], ARRAY['{another}'], ARRAY[0::bigint], ARRAY[NULL::uuid], ARRAY[e.c], ARRAY['[]'], ARRAY['[]'],
             ARRAY['\\x00'::bytea], ARRAY[1], ARRAY[e.event_type], ARRAY[e.event_version], ARRAY['_'], ARRAY[gen_random_uuid()],
             ARRAY['\\x00'::bytea], ARRAY['[]'], ARRAY[replace(e.body::text, '{duty}', '{another}')], ARRAY[e.mac])
         FROM (SELECT *, (body->>'centre')::uuid AS c FROM events WHERE event_type = 'DutyStarted' LIMIT 1) e;
         RESET ROLE"
    );
    house.sql("people", &forge).await;
    house.heard().await;
    assert!(!house.curious_reads().await, "a forged beginning begins nothing");
    let named = house.named().await;
    assert!(named.iter().any(|(service, part, what)| service == "people"
        && *part == Part::Journal
        && what.ends_with("was not stored so by the service: nothing comes of it")));

    // As the administrator: the real beginning a second time, behind its end.
    let again = "INSERT INTO events (number, aggregate_type, aggregate_id, sequence, event_type, event_version, subject, key, fingerprint,
             warnings, body, chain, mac)
         SELECT (SELECT max(number) + 1 FROM events), aggregate_type, aggregate_id, sequence, event_type, event_version, subject, key,
             fingerprint, warnings, body, chain, mac
         FROM events WHERE event_type = 'DutyStarted' ORDER BY number LIMIT 1";
    house.sql("people", "ALTER TABLE events DROP CONSTRAINT events_aggregate_type_aggregate_id_sequence_key").await;
    house.sql("people", again).await;
    house.heard().await;
    assert!(!house.curious_reads().await, "nor does one that is published once more");
    house.is_named("people", Part::Journal).await;

    // A case that was changed, or lacks an event, is not shown at all.
    let change = "UPDATE events SET body = replace(body::text, 'w-1', 'w-9')::json WHERE event_type = 'PetPlaced'";
    house.sql("housing", change).await;
    let shown = house.leader.get_once("housing", &house.events()).await;
    assert!(!shown.status.is_success() && !shows(&shown), "{}", shown.body);
    let acted = house.leader.act("housing", &house.case, "move-in", json!({})).await;
    assert_eq!(acted.code(), "unavailable", "nothing is recorded on top of it");
    house.is_named("housing", Part::Journal).await;
}

/// A case, an entry or a follow-up that is given to another woman or centre is not theirs.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_given_to_another_centre() {
    let house = House::new().await;
    house.leader.act("housing", &house.case, "make-offer", json!({ "answer_by": "2026-01-01" })).await.ok();
    let (stranger, other) = (house.ground.client(Role::Leader, Some(OTHER_CENTRE)), Uuid::new_v4());
    let own = stranger.open("housing", other).await;
    house.heard().await;
    let events = house.events();
    let becomes = |woman: Uuid, centre: CentreId| format!("woman = '{woman}', centre = '{centre}'");
    for (woman, centre) in [(other, OTHER_CENTRE), (house.woman, OTHER_CENTRE)] {
        stranger.know(woman).await;
        house.heard().await;
        let owner = becomes(woman, centre);
        house.sql("housing", &format!("UPDATE aggregates SET {owner} WHERE aggregate_id = '{}'", house.case)).await;
        let (shown, case) = (stranger.get("housing", &events).await, format!("/v1/cases/{}", house.case));
        assert_eq!((shown.status.as_u16(), stranger.get("housing", &case).await.status.as_u16()), (404, 404));
        assert_eq!(house.leader.get("housing", &events).await.status, 404, "nor is it anybody's");
        house.is_named("housing", Part::Journal).await;

        let rows = house.pool("timeline").await;
        eventually("what is to be changed is there", async || {
            let both = "SELECT (SELECT count(*) FROM entries WHERE woman = $1) > 2 AND EXISTS (SELECT FROM follow_ups WHERE woman = $1 AND open)";
            let both: bool = sqlx::query_scalar(both).bind(house.woman).fetch_one(&rows).await.unwrap();
            both.then_some(())
        })
        .await;
        let put =
            "CREATE TABLE kept AS SELECT * FROM entries; CREATE TABLE kept_follow_ups AS SELECT * FROM follow_ups";
        house.sql("timeline", put).await;
        for table in ["entries", "follow_ups"] {
            house.sql("timeline", &format!("UPDATE {table} SET {owner} WHERE centre = '{CENTRE}'")).await;
        }
        let course = stranger.get("timeline", &format!("/v1/women/{woman}/timeline")).await.ok();
        assert!(!course.body.to_string().contains(&house.case) && !shows(&course), "{}", course.body);
        assert_eq!(course.body["open"], json!([]));
        let list = stranger.get("timeline", "/v1/follow-ups").await.ok();
        assert!(!list.body.to_string().contains(&house.case), "{}", list.body);
        house.is_named("housing", Part::Timeline).await;
        let back = "TRUNCATE entries, follow_ups; INSERT INTO entries SELECT * FROM kept; INSERT INTO follow_ups SELECT * FROM kept_follow_ups;
            DROP TABLE kept, kept_follow_ups";
        house.sql("timeline", back).await;
    }
    stranger.get("housing", &format!("/v1/cases/{own}")).await.ok();
    // Her follow-up becomes somebody's who only helps.
    house.sql("timeline", "UPDATE follow_ups SET responsible = 'w-curious' WHERE open").await;
    let list = house.leader.get("timeline", "/v1/follow-ups?responsible=w-curious").await.ok();
    assert_eq!(list.body["follow_ups"], json!([]));
}

/// A relation of before, without the conflict of interest that was recorded since, does not open her for longer than a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_interest_is_not_undone_by_a_row_of_before() {
    let house = House::new().await;
    let (course, keepers) = (house.course(), ["people", "housing", "timeline"]);
    for keeper in keepers {
        house.sql(keeper, "CREATE TABLE of_before AS SELECT * FROM relations").await;
    }
    house.log("record-conflict-of-interest", json!({ "kind": "worker", "who": "w-curious" })).await;
    let (events, denied) =
        (house.events(), async |path: &str, service: &str| house.curious.get_once(service, path).await.status == 404);
    eventually("she is hidden", async || {
        (denied(&course, "timeline").await && denied(&events, "housing").await).then_some(())
    })
    .await;
    let back = "DELETE FROM relations; INSERT INTO relations SELECT * FROM of_before";
    house.tampers(&keepers, Part::Access, back).await;
    eventually("it is noticed, and heard again", async || {
        let hidden = denied(&course, "timeline").await && denied(&events, "housing").await;
        (hidden && house.named().await.is_empty()).then_some(())
    })
    .await;
    assert!(denied(&course, "timeline").await && denied(&events, "housing").await);

    // Neither by a row less, nor by saying that more was heard than was.
    for statements in [
        "DELETE FROM relations",
        "UPDATE progress SET number = number + 1000, until = 0 WHERE reader = 'relations'",
        "UPDATE progress SET sum = NULL, mac = NULL WHERE reader = 'relations'",
    ] {
        house.sql("housing", statements).await;
        assert!(denied(&events, "housing").await, "{statements}");
        eventually("it is heard again", async || house.named().await.is_empty().then_some(())).await;
        assert!(denied(&events, "housing").await, "{statements}");
    }
}

/// A reader that has another service's events delivered where people announces itself, and words of anybody there, mask nothing; nor does a
/// message in a stream, or a digest that no service published, end a numbering.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_speaks_for_a_service() {
    let house = House::new().await;
    let (context, head) = (house.ground.jetstream().await, nats::head_subject("people"));
    let stream = context.get_stream(nats::stream_name("housing")).await.unwrap();
    let client = engine::nats::connect(&house.ground.nats_config(), "test").await.unwrap();
    // What people said a while ago, to be said again.
    let mut heads = client.subscribe(head.clone()).await.unwrap();
    let said = futures::StreamExt::next(&mut heads).await.unwrap().payload;
    heads.unsubscribe().await.unwrap();
    let deliver = async_nats::jetstream::consumer::push::Config { deliver_subject: head.clone(), ..Default::default() };
    stream.create_consumer(deliver).await.unwrap();
    let pool = house.pool("housing").await;
    let forged = json!({ "epoch": Uuid::new_v4(), "number": 1_000_000, "at": i64::MAX, "mac": "AAAA" }).to_string();
    let flood = tokio::spawn(async move {
        loop {
            for payload in [forged.clone().into(), said.clone()] {
                client.publish(head.clone(), payload).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    eventually("ten in a row see the place", async || {
        for _ in 0..10 {
            if !shows(&house.leader.get_once("housing", &house.events()).await) {
                return None;
            }
        }
        Some(())
    })
    .await;
    flood.abort();

    let epoch = store::head(&pool).await.unwrap().epoch;
    let reader = house.ground.service_client("timeline");
    for last in ["AAAA", "AAAA.AAAA", "", "."] {
        let path = format!("/v1/events?after=1&epoch={epoch}&last={last}");
        reader.get("housing", &path).await.ok();
        assert_eq!(store::head(&pool).await.unwrap().epoch, epoch, "{last:?} shows nothing");
    }
    let ack = context.publish(nats::subject("housing", "_"), "{}".into()).await.unwrap();
    ack.await.unwrap();
    house.leader.act("housing", &house.case, "move-in", json!({})).await.ok();
    assert_published(&house.ground, "housing", &pool).await;
    assert_eq!(store::head(&pool).await.unwrap().epoch, epoch, "it is made anew, and its numbers are the same");
    let answer = reader.try_send(Method::GET, "housing", "/v1/events?after=0", &[], None).await.unwrap().ok();
    assert_eq!(answer.body["epoch"], json!(epoch));
}

/// What a policy has heard of her, changed, taken away, put there or put back from before, is noticed: what it keeps from being done is not done
/// for longer than a minute, and then is not again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_has_heard_is_what_it_heard() {
    let mut house = House::new().await;
    house.domains.extend(["legal", "safety"]);
    let ground = &house.ground;
    let _more = [ground.serve("legal").await, ground.serve("safety").await];
    let (leader, rows, pool) = (&house.leader, KnowCourse::NAME, house.pool("aftercare").await);
    let case = leader.open("aftercare", house.woman).await;
    let close = async || {
        let answer = leader.act("aftercare", &case, "close-aftercare", json!({ "reason": "completed" })).await;
        answer.code().to_owned()
    };
    let noticed = async || {
        eventually("it is noticed and heard again", async || {
            let is = "SELECT count(*) FROM heard WHERE policy = $1";
            let is: i64 = sqlx::query_scalar(is).bind(rows).fetch_one(&pool).await.unwrap();
            (is == 1 && house.named().await.is_empty()).then_some(())
        })
        .await;
    };
    // Something else of hers first, so that there is a row of before.
    let alarm = leader.open("safety", house.woman).await;
    leader.act("safety", &alarm, "issue-alarm", json!({ "alarm": "OA 4711" })).await.ok();
    has_heard(ground, "aftercare", rows, &["people", "safety", "legal", "housing"]).await;
    sqlx::raw_sql("CREATE TABLE heard_of_before AS SELECT * FROM heard").execute(&pool).await.unwrap();
    let legal = leader.open("legal", house.woman).await;
    leader.act("legal", &legal, "issue-restraining-order", json!({ "until": "2099-01-01" })).await.ok();
    has_heard(ground, "aftercare", rows, &["people", "safety", "legal", "housing"]).await;
    assert_eq!(close().await, "protection_without_owner");
    assert_eq!(house.named().await, []);

    // Another woman's, or changed: it is not opened, and what it would say is not known.
    house.tampers(&["aftercare"], Part::Policies, "UPDATE heard SET woman = gen_random_uuid()").await;
    house.sql("aftercare", &format!("UPDATE heard SET woman = '{}', mac = sha256(mac)", house.woman)).await;
    assert_ne!(close().await, "", "not known is not nothing");
    // Put back from before.
    let back = "DELETE FROM heard; INSERT INTO heard SELECT * FROM heard_of_before";
    house.tampers(&["aftercare"], Part::Policies, back).await;
    noticed().await;
    assert_eq!(close().await, "protection_without_owner");
    // Taken away.
    house.tampers(&["aftercare"], Part::Policies, "DELETE FROM heard").await;
    noticed().await;
    assert_eq!(close().await, "protection_without_owner");
    // How far it is, or what it adds up to: nothing is built on that, and it is noticed with the next event.
    for state in [
        "DELETE FROM heard; UPDATE progress SET until = 0 WHERE reader = 'know-course'",
        "UPDATE progress SET number = 0, since = 1000, until = 0 WHERE reader = 'know-course'",
        "DELETE FROM policies",
        "DELETE FROM heard; DELETE FROM policies; UPDATE progress SET number = 0, until = 0 WHERE reader = 'know-course'",
    ] {
        house.sql("aftercare", state).await;
        assert_ne!(close().await, "", "{state}");
        leader.act("housing", &house.case, "write-note", json!({ "text": "Hun sov godt." })).await.ok();
        noticed().await;
        assert_eq!(close().await, "protection_without_owner", "{state}");
    }
}

/// A note that an order was carried out, made by somebody else, keeps no alert from being raised; one that is taken away raises none again.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_noted_by_its_policy_alone() {
    let mut house = House::new().await;
    house.domains.extend(["legal", "safety"]);
    let ground = &house.ground;
    let _legal = ground.serve("legal").await;
    let safety = ground.serve("safety").await;
    let pool = house.pool("safety").await;
    let legal = house.leader.open("legal", house.woman).await;
    let raised = async |count: i64| {
        let sql = "SELECT count(*) FROM events WHERE event_type = 'SafetyAlertRaised'";
        eventually("alerts are raised", async || {
            (sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap() >= count).then_some(())
        })
        .await;
        orders_noted(&pool).await;
        assert_eq!(sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.unwrap(), count);
    };
    house.leader.act("legal", &legal, "report-order-breach", json!({})).await.ok();
    raised(1).await;
    // Taken away: it is heard again, and nothing is raised again, though she has a later case that a rule would choose.
    house.leader.open("safety", house.woman).await;
    house.sql("safety", "DELETE FROM orders; DELETE FROM heard").await;
    has_heard(ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    eventually("what was heard is heard again, and the order is noted", async || {
        let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&pool).await.unwrap();
        (noted == 1 && house.named().await.is_empty()).then_some(())
    })
    .await;
    raised(1).await;

    safety.stop().await;
    house.leader.act("legal", &legal, "report-order-breach", json!({})).await.ok();
    let body: Value =
        sqlx::query_scalar("SELECT body FROM events WHERE event_type = 'OrderBreachReported' ORDER BY number DESC")
            .fetch_one(&house.pool("legal").await)
            .await
            .unwrap();
    let body: kit::published::Body = serde_json::from_value(body).unwrap();
    let about = format!("{} {}", body.id, body.recordedtime.unix_timestamp_nanos());
    let key = derive_id(&["order", RaiseAlerts::NAME, &house.woman.to_string(), &about, "SafetyAlertRaised"]);
    let noted: u64 = sqlx::query("INSERT INTO orders SELECT policy, $1, outcome, aggregate, mac FROM orders LIMIT 1")
        .bind(key)
        .execute(&pool)
        .await
        .unwrap()
        .rows_affected();
    assert_eq!(noted, 1);
    house.is_named("safety", Part::Policies).await;
    let _safety = ground.serve("safety").await;
    raised(2).await;
    assert_eq!(house.named().await, []);
}

/// A value of the vault that was changed, is another woman's, was put back from before or taken away shows nothing, and is named; kept anew
/// it is there again.
#[tokio::test(flavor = "multi_thread")]
async fn the_vault_shows_nothing_but_what_was_kept_last() {
    let house = House::new().await;
    let vault = format!("/v1/women/{}/vault", house.woman);
    let keep = async |key: &str, value: &str| {
        let body = json!({ "value": value });
        house.leader.put("people", &format!("{vault}/address"), key, body).await.ok().text("reference")
    };
    house.sql("people", "CREATE TABLE waited AS SELECT * FROM vault_waiting; CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO waited SELECT NEW.*; RETURN NEW; END $$;
        CREATE TRIGGER copy AFTER INSERT ON vault_waiting FOR EACH ROW EXECUTE FUNCTION copy()").await;
    let old = keep("k1", "Gammelgade 1").await;
    house.sql("people", "CREATE TABLE of_before AS SELECT * FROM vault").await;
    let now = keep("k2", PLACE).await;
    house.sql("people", "CREATE TABLE of_now AS SELECT * FROM vault; DROP TRIGGER copy ON vault_waiting").await;
    let whole = json!([[{ "slot": "address", "reference": now }], []]);
    let listed = async |woman: Uuid| {
        let list = house.leader.get("people", &format!("/v1/women/{woman}/vault")).await.ok().body;
        let some = |name: &str, members: [&str; 2]| -> Value {
            let picked = |one: &Value| -> Value {
                let some = members.iter().filter(|name| !one[**name].is_null());
                Value::Object(some.map(|name| ((*name).to_owned(), one[*name].clone())).collect())
            };
            list[name].as_array().unwrap().iter().map(picked).collect()
        };
        json!([some("values", ["slot", "reference"]), some("refused", ["slot", "code"])])
    };
    let back = "UPDATE vault v SET (reference, woman, child, centre, slot, version, sealed, since, mac)
        = (SELECT reference, woman, child, centre, slot, version, sealed, since, mac FROM of_now)";
    assert_eq!((listed(house.woman).await, house.named().await), (whole.clone(), vec![]));

    let none = json!([[], [{ "slot": "address", "code": "not_as_kept" }]]);
    let put_back = "UPDATE vault SET (reference, version, sealed, since, mac) = (SELECT reference, version, sealed, since, mac FROM of_before)";
    for (reference, tampering) in [
        (&old, put_back),
        (&now, "UPDATE vault SET version = 7"),
        (&now, "UPDATE vault SET since = since - interval '1 day'"),
        (&now, "UPDATE vault SET mac = NULL"),
        (&now, "UPDATE vault SET mac = (SELECT mac FROM of_before)"),
    ] {
        house.sql("people", tampering).await;
        assert_eq!(listed(house.woman).await, none, "{tampering}");
        for rest in ["", "/history"] {
            let shown = house.leader.get("people", &format!("{vault}/{reference}{rest}")).await;
            assert_eq!((shown.status.as_u16(), shown.code()), (503, "not_as_kept"), "{tampering}");
        }
        house.is_named("people", Part::Vault).await;
        house.sql("people", back).await;
        assert_eq!(listed(house.woman).await, whole, "{tampering}");
    }
    // Another woman's, and a child's that there is none of.
    let other = Uuid::new_v4();
    house.leader.open("housing", other).await;
    house.heard().await;
    house.sql("people", &format!("UPDATE vault SET woman = '{other}'")).await;
    let shown = house.leader.get("people", &format!("/v1/women/{other}/vault/{now}")).await;
    assert_eq!((shown.status.as_u16(), shown.code()), (503, "not_as_kept"));
    assert_eq!((listed(other).await, listed(house.woman).await), (none.clone(), none.clone()), "moved, and gone");
    house.is_named("people", Part::Vault).await;
    house.sql("people", back).await;
    // What waited once is put back, and the value of before with it: it was counted, and is not counted again.
    house.sql("people", "INSERT INTO vault_waiting SELECT * FROM waited").await;
    assert_eq!(listed(house.woman).await, whole);
    house.sql("people", put_back).await;
    house
        .sql(
            "people",
            "INSERT INTO vault_waiting SELECT * FROM waited WHERE reference = (SELECT reference FROM of_before)",
        )
        .await;
    assert_eq!(listed(house.woman).await, none);
    house.sql("people", back).await;
    // One that is written down for another value's event.
    house.sql("people", "INSERT INTO vault_waiting SELECT * FROM waited WHERE reference = (SELECT reference FROM of_before);
        UPDATE vault_waiting SET command = (SELECT command FROM waited WHERE reference = (SELECT reference FROM of_now))").await;
    assert_eq!(listed(house.woman).await, whole);
    house.is_named("people", Part::Vault).await;
    house.sql("people", "DELETE FROM vault_waiting").await;
    // What it was before, changed; it is shown to nobody.
    house.sql("people", "UPDATE vault_history SET until = until - interval '1 day'").await;
    assert_eq!(house.leader.get("people", &format!("{vault}/{now}/history")).await.code(), "not_as_kept");
    house.is_named("people", Part::Vault).await;
    // Gone, and kept anew.
    house.sql("people", "DELETE FROM vault").await;
    assert_eq!(listed(house.woman).await, none, "gone");
    let named = house.named().await;
    assert!(named.iter().any(|(_, part, what)| *part == Part::Vault && what.contains("is gone")), "{named:?}");
    let anew = keep("k3", PLACE).await;
    assert_eq!(listed(house.woman).await, json!([[{ "slot": "address", "reference": anew }], []]));
    assert_eq!(house.named().await, []);
}

/// Nobody is recognised, and nobody takes words again, by a row that the service did not write, or that is of before.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_word_is_neither_checked_nor_taken_again_by_a_row() {
    let house = House::new().await;
    let her = format!("/v1/women/{}/vault/code-word", house.woman);
    house.leader.put("people", &her, "k1", json!({ "value": "blå cykel" })).await.ok();
    let check = async |who: &str, word: &str| {
        let who = house.leader.clone().named(who);
        let answer = who.post("people", &format!("{her}/check"), "-", json!({ "word": word })).await;
        if answer.status == 200 { answer.body["right"].to_string() } else { answer.code().to_owned() }
    };
    let change = async |who: &str, word: &str| {
        let body = json!({ "value": word, "recognised": "code_word" });
        house.leader.clone().named(who).put("people", &her, &Uuid::new_v4().to_string(), body).await.code().to_owned()
    };
    assert_eq!(change("l-2", "rød cykel").await, "not_recognised");
    let put = format!(
        "INSERT INTO vault_checked (woman, centre, actor, at, word, mac)
         SELECT woman, centre, 'l-2', now(), reference, '\\x00' FROM vault WHERE slot = 'code-word' AND woman = '{}'",
        house.woman
    );
    house.sql("people", &put).await;
    assert_eq!(change("l-2", "rød cykel").await, "not_recognised", "put there");
    house.is_named("people", Part::Vault).await;
    house.sql("people", "DELETE FROM vault_checked").await;
    // Another leader's check, and one of the word of before.
    assert_eq!(check("l-3", "blå cykel").await, "true");
    house
        .sql("people", "CREATE TABLE checked AS SELECT * FROM vault_checked; UPDATE vault_checked SET actor = 'l-2'")
        .await;
    assert_eq!(change("l-2", "rød cykel").await, "not_recognised", "another's");
    house.is_named("people", Part::Vault).await;
    house.sql("people", "DELETE FROM vault_checked; INSERT INTO vault_checked SELECT * FROM checked").await;
    assert_eq!(change("l-3", "rød cykel").await, "");
    house.sql("people", "INSERT INTO vault_checked SELECT * FROM checked").await;
    assert_eq!(change("l-3", "gul cykel").await, "not_recognised", "it was checked by another word");
    assert_eq!(check("l-3", "rød cykel").await, "true");
    assert_eq!(change("l-3", "gul cykel").await, "");

    // Five wrong ones lock out: the service's role does not take them back, and an administrator does without effect.
    house.sql("people", "CREATE ROLE service_of_people LOGIN PASSWORD 'x'").await;
    house.sql("people", &provision::grants(Kind::Domain, &engine::vault::TABLES, "service_of_people")).await;
    for _ in 0..4 {
        assert_eq!(check("l-4", "grøn cykel").await, "false");
    }
    let pool = house.pool("people").await;
    for statement in [
        "DELETE FROM vault_wrong_words",
        "UPDATE vault_wrong_words SET actor = 'l-9'",
        "TRUNCATE vault_wrong_words",
        "DELETE FROM vault_unlocked",
        "SELECT * FROM vault_signed",
    ] {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::raw_sql("SET ROLE service_of_people").execute(&mut *connection).await.unwrap();
        let denied = sqlx::raw_sql(statement).execute(&mut *connection).await.unwrap_err();
        assert_eq!(denied.as_database_error().unwrap().code().as_deref(), Some("42501"), "{statement}");
        sqlx::raw_sql("RESET ROLE").execute(&mut *connection).await.unwrap();
    }
    // Nor are others locked out by rows that somebody adds, or let in.
    house
        .sql(
            "people",
            "INSERT INTO vault_wrong_words SELECT woman, centre, at, 'l-5', mac FROM vault_wrong_words
        UNION ALL SELECT woman, centre, at, 'l-5', '\\x00' FROM vault_wrong_words",
        )
        .await;
    assert_eq!(check("l-5", "gul cykel").await, "true");
    house.is_named("people", Part::Vault).await;
    house.sql("people", "DELETE FROM vault_wrong_words").await;
    assert_eq!(check("l-4", "grøn cykel").await, "false", "the fifth");
    assert_eq!(check("l-4", "gul cykel").await, "too_many_requests", "though they were taken away");
    house
        .sql(
            "people",
            "INSERT INTO vault_unlocked (woman, centre, actor, at, mac)
        SELECT woman, centre, NULL, now() + interval '1 minute', '\\x00' FROM vault_wrong_words LIMIT 1",
        )
        .await;
    assert_eq!(check("l-4", "gul cykel").await, "too_many_requests", "nobody lifted it");
    house.is_named("people", Part::Vault).await;
    house.sql("people", "DELETE FROM vault_unlocked").await;
    house.leader.post("people", &format!("{her}/unlock"), "lifted", json!({})).await.ok();
    assert_eq!(check("l-4", "gul cykel").await, "true");
}

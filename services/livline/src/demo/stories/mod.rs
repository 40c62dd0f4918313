//! Forty courses over eighteen months, from one that began yesterday to one that ended long ago: what the demo's women have lived
//! through.
//!
//! A course is a row of chapters, each of one domain and told from the day she came; what lies after today has not happened yet. The
//! variety is that of each woman's own seed. Rules across domains act on the day they hear of something, so what they shall react to
//! happens today. Deliberately absent: ids and dates ([`super::plan`]), and the chapters' own texts and facts.

mod aftercare;
mod courses;
mod directory;
mod everyday;
mod financial;
mod housing;
mod legal;
mod people;
mod places;
mod safety;
#[cfg(test)]
mod tests;
mod turns;

use super::plan::{CENTRES, Story};
pub(super) use people::FIRST;
use time::Date;

type Course = fn(&mut Story);

/// Courses by the women's numbers: what happens, how many days ago she came, and with how many children. The first is the one to
/// look at.
const COURSES: [(Course, i64, usize); 40] = [
    (courses::eventful, 372, 2),
    (courses::own_home, 531, 2),
    (courses::waiting, 96, 1),
    (courses::own_home, 468, 0),
    (courses::brief, 402, 0),
    (turns::over_the_children, 214, 3),
    (turns::returning, 497, 1),
    (courses::moves_today, 171, 2),
    (courses::own_home, 522, 3),
    (turns::hunted, 143, 0),
    (turns::keeps, 188, 2),
    (courses::own_home, 441, 1),
    (courses::begun, 1, 1),
    (turns::ends_today, 402, 0),
    (courses::offered, 88, 2),
    (courses::own_home, 506, 0),
    (turns::from_another_centre, 117, 1),
    (turns::silent, 288, 1),
    (courses::signs_today, 129, 1),
    (courses::own_home, 389, 2),
    (turns::her_permit, 245, 1),
    (turns::unanswered, 336, 1),
    (courses::brief, 63, 1),
    (courses::own_home, 515, 1),
    (turns::returning, 455, 2),
    (courses::waiting, 61, 2),
    (turns::in_debt, 317, 0),
    (courses::own_home, 427, 2),
    (turns::broken_order, 121, 2),
    (turns::keeps, 402, 1),
    (courses::moves_today, 158, 0),
    (courses::own_home, 489, 1),
    (turns::from_another_centre, 301, 0),
    (turns::hunted, 97, 1),
    (turns::over_the_children, 268, 2),
    (courses::own_home, 361, 0),
    (turns::lives_with_family, 334, 1),
    (courses::own_home, 538, 2),
    (courses::offered, 44, 0),
    (courses::own_home, 475, 1),
];

/// Everybody's course as of a day.
pub(super) fn all(today: Date) -> Vec<Story> {
    let told = |(number, (course, arrived, children)): (usize, (Course, i64, usize))| {
        let mut story = Story::new(number, today, arrived, children);
        people::arrival(&mut story);
        course(&mut story);
        people::colleague(&mut story);
        story.told()
    };
    COURSES.into_iter().enumerate().map(told).collect()
}

/// What each centre records about nobody: who works there before anything else. One has closed.
pub(super) fn centres(today: Date) -> Vec<Story> {
    let told = |centre| {
        let mut story = Story::of_centre(centre, today, 45);
        directory::registers(&mut story);
        people::duties(&mut story);
        people::enquiries(&mut story);
        story.told()
    };
    let mut closed = Story::of_centre(CENTRES + 1, today, 45);
    directory::closes(&mut closed);
    (1..=CENTRES).map(told).chain([closed.told()]).collect()
}

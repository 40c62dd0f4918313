//! Places, organisations and names that do not exist.
//!
//! Deliberately absent: any real one, any person, any number that can be called.

pub(super) const MUNICIPALITIES: &[&str] =
    &["Eksempelby Kommune", "Prøvestad Kommune", "Fiktivkøbing Kommune", "Tænkeby Kommune"];
pub(super) const NAMES: &[&str] =
    &["Asta Eksempelsen", "Bodil Prøvegaard", "Clara Tænkeby", "Dagny Fiktivsen", "Ella Opdigt", "Freja Eksempelgaard"];
/// What children are called here.
pub(super) const CHILDREN: &[&str] = &["Mus", "Spire", "Bølge", "Komet", "Nød", "Pjok"];
pub(super) const ORGANISATIONS: &[&str] =
    &["Boligselskabet Eksempel", "Boligforeningen Prøven", "Andelsforeningen Tænkehøj"];
pub(super) const COURTS: &[&str] = &["Retten i Eksempelby", "Retten i Tænkeby"];
pub(super) const AGENCIES: &[&str] = &["Familieretshuset i Prøvestad", "Familieretshuset i Fiktivkøbing"];
pub(super) const STATIONS: &[&str] = &["Politistationen i Eksempelby", "Politistationen i Fiktivkøbing"];
pub(super) const FUNDS: &[&str] = &["Fonden Eksempelhjælpen", "Legatet Ny Begyndelse", "Prøvefonden"];
pub(super) const CREDITORS: &[&str] =
    &["Eksempelbanken", "Prøvestad Varmeværk", "Tænk Mobil", "Fiktiv Kredit", "Boligselskabet Eksempel"];
pub(super) const SAFE: &[&str] = &[
    "Hos veninden på anden sal; biblioteket, når det er lyst.",
    "Den store butik med vagt ved torvet. Aldrig stationen efter mørke.",
    "Kirken over for skolen og tandlægen i stuen ved siden af.",
    "Søsterens arbejde; personalet kender aftalen.",
];
pub(super) const FINDS: &[&str] = &["Under bagsædet i bilen", "I handskerummet", "Syet ind i foret på frakken"];
pub(super) const CHILDRENS: &[&str] = &["I foret på barnevognen", "I lommen på et barns taske"];
pub(super) const OUTSIDE: &[&str] =
    &["På parkeringspladsen ved indkøbscentret", "Ved busstoppestedet", "På stien bag biblioteket"];

//! Searching raw files and logs for bytes: what must not be anywhere.
//!
//! Deliberately absent: knowing any format. What is compressed or encrypted is not found, and is not what is looked for.

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Every file below a folder that holds one of these.
#[must_use]
pub fn holding(folder: &Path, needles: &[Vec<u8>]) -> Vec<String> {
    let mut begins = [false; 256];
    for needle in needles {
        begins[usize::from(needle[0])] = true;
    }
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let at = |place: usize| needles.iter().any(|needle| bytes[place..].starts_with(needle));
                let places = bytes.iter().enumerate().filter(|(_, byte)| begins[usize::from(**byte)]);
                if places.into_iter().any(|(place, _)| at(place)) {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    found
}

/// The text as it is, and as JSON would escape it.
#[must_use]
pub fn text(text: &str) -> Vec<Vec<u8>> {
    let escaped = text.chars().fold(String::new(), |all, c| {
        if c.is_ascii() { all + &c.to_string() } else { all + &format!("\\u{:04x}", c as u32) }
    });
    vec![text.as_bytes().to_vec(), escaped.into_bytes()]
}

/// What is logged, all of it.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes what this thread logs, from TRACE on, as long as the guard lives. Whole where one thread runs everything.
    #[must_use]
    pub fn everything(&self) -> tracing::subscriber::DefaultGuard {
        let logging = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("trace")).with_writer(self.clone());
        tracing::subscriber::set_default(logging.finish())
    }

    /// Writes what there is until now into a folder, to be searched with everything else.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("trace.log"), &*self.0.lock().unwrap()).unwrap();
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

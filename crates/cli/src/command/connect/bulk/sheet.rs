//! The file of an export on its way: `FILE.part` until it is whole, with what was asked beside it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::cell::{self, Column};
use super::is_csv;

/// No more names of fields without a column are kept than a person reads.
const NAMED: usize = 10;

/// A file that resources are written to.
pub(super) struct Sheet {
    file: BufWriter<Place>,
    path: PathBuf,
    csv: bool,
    /// How many resources it has.
    pub(super) count: u64,
    /// Columns of a CSV file, once they are known.
    columns: Vec<Column>,
    /// Fields that have no column, where nobody chose the columns.
    left_out: Option<BTreeSet<String>>,
}

/// Where it is written to.
enum Place {
    /// `FILE.part`.
    File(File),
    /// Standard output, a pipe, a device: nothing to come back to.
    Stream(Box<dyn Write>),
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// Whether what is written there cannot be taken back: `-`, a pipe, a device.
pub(super) fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
        || path.starts_with("/dev")
        || std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// What an earlier export left.
#[derive(Debug)]
pub(super) struct Left {
    /// How many resources it has.
    pub(super) count: u64,
    /// The last one, of CSV with the fields that have a column.
    pub(super) last: Value,
    length: u64,
    columns: Vec<Column>,
}

/// The file while it is not whole.
pub(crate) fn part(path: &Path) -> PathBuf {
    with(path, ".part")
}

fn opened(path: &Path, left: Option<&Left>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(left.is_none()).open(part(path))?;
    if let Some(left) = left {
        file.set_len(left.length)?;
        file.seek(SeekFrom::End(0))?;
    }
    Ok(file)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

impl Sheet {
    /// A new file, or the one that was left. `question` stands beside it until it is whole.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn open(
        path: &Path,
        question: &str,
        left: Option<Left>,
        chosen: &[String],
    ) -> io::Result<Self> {
        let place = match is_stream(path) {
            true if path == Path::new("-") => Place::Stream(Box::new(io::stdout())),
            true => Place::Stream(Box::new(OpenOptions::new().write(true).open(path)?)),
            false => {
                let file = opened(path, left.as_ref())?;
                std::fs::write(with(path, ".part.query"), question)?;
                Place::File(file)
            }
        };
        let (count, known) = left.map_or((0, Vec::new()), |left| (left.count, left.columns));
        let columns =
            if known.is_empty() { chosen.iter().map(|name| Column::named(name)).collect() } else { known };
        let left_out = chosen.is_empty().then(BTreeSet::new);
        let mut sheet = Self {
            file: BufWriter::new(place),
            path: path.to_owned(),
            csv: is_csv(path),
            count,
            columns,
            left_out,
        };
        if sheet.csv && count == 0 && !sheet.columns.is_empty() {
            sheet.head()?;
        }
        Ok(sheet)
    }

    fn head(&mut self) -> io::Result<()> {
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.clone()).collect();
        self.row(&titles)
    }

    fn row(&mut self, cells: &[String]) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(cells)?;
        let line = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        self.file.write_all(&line)
    }

    /// Adds resources and hands them to the system.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn write(&mut self, items: &[Value]) -> io::Result<()> {
        if self.csv && self.columns.is_empty() {
            self.columns = cell::columns(items);
            if !self.columns.is_empty() {
                self.head()?;
            }
        }
        for item in items {
            if self.csv {
                self.note_left_out(item);
                let cells: Vec<String> = self.columns.iter().map(|column| column.cell(item)).collect();
                self.row(&cells)?;
            } else {
                writeln!(self.file, "{item}")?;
            }
            self.count += 1;
        }
        self.file.flush()
    }

    fn note_left_out(&mut self, item: &Value) {
        let Some(left_out) = self.left_out.as_mut().filter(|names| names.len() < NAMED) else { return };
        for field in item.as_object().into_iter().flat_map(Map::keys) {
            if !self.columns.iter().any(|column| column.shows(field)) {
                left_out.insert(field.clone());
            }
        }
    }

    /// Fields that are not in the file because they have no column.
    pub(super) fn left_out(&self) -> Vec<&str> {
        self.left_out.iter().flatten().map(String::as_str).collect()
    }

    /// Gives the file its name: it is whole.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        let Place::File(file) = self.file.get_ref() else { return Ok(()) };
        file.sync_all()?;
        std::fs::rename(part(&self.path), &self.path)?;
        std::fs::remove_file(with(&self.path, ".part.query"))
    }
}

impl Left {
    /// What an earlier export left and which question it answered; nothing if there is none, or no resource in it.
    ///
    /// # Errors
    /// Those of reading, and a file that no export wrote.
    pub(super) fn look(path: &Path) -> io::Result<Option<(Self, String)>> {
        let file = match File::open(part(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut question = String::new();
        // Without it nobody knows what was asked: then it is another question.
        if let Ok(mut file) = File::open(with(path, ".part.query")) {
            file.read_to_string(&mut question)?;
        }
        let csv = is_csv(path);
        let lines = Lines::of(BufReader::new(&file), csv)?;
        let heads = u64::from(csv);
        if lines.count <= heads {
            return Ok(None);
        }
        let columns = if csv { header(&file)? } else { Vec::new() };
        let last = lines.last(&file, csv.then_some(&columns))?;
        Ok(Some((Self { count: lines.count - heads, last, length: lines.end, columns }, question)))
    }
}

fn header(mut file: &File) -> io::Result<Vec<Column>> {
    file.rewind()?;
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    Ok(reader.headers()?.iter().map(Column::named).collect())
}

/// The whole lines of a file, found in one pass with little memory. A line of CSV ends outside of quotes.
struct Lines {
    count: u64,
    /// Where the last one begins and ends.
    last: u64,
    end: u64,
}

impl Lines {
    fn of(mut source: impl Read, csv: bool) -> io::Result<Self> {
        let (mut lines, mut at, mut quoted) = (Self { count: 0, last: 0, end: 0 }, 0, false);
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = match source.read(&mut piece) {
                Ok(0) => return Ok(lines),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for byte in &piece[..length] {
                at += 1;
                match byte {
                    // Two of them within quotes are one that belongs to the cell, and change nothing here.
                    b'"' => quoted ^= csv,
                    b'\n' if !quoted => {
                        (lines.count, lines.last, lines.end) = (lines.count + 1, lines.end, at)
                    }
                    _ => {}
                }
            }
        }
    }

    /// The resource in the last line.
    fn last(&self, mut file: &File, columns: Option<&Vec<Column>>) -> io::Result<Value> {
        file.seek(SeekFrom::Start(self.last))?;
        let mut text = String::new();
        file.take(self.end - self.last).read_to_string(&mut text)?;
        let Some(columns) = columns else { return Ok(serde_json::from_str(&text)?) };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let record = reader.records().next().transpose()?.unwrap_or_default();
        Ok(cell::row(columns, record.iter()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(name: &str, text: &str) -> io::Result<Option<(u64, Value, u64)>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(name);
        std::fs::write(part(&path), text)?;
        Ok(Left::look(&path)?.map(|(left, _)| (left.count, left.last, left.length)))
    }

    #[test]
    fn whole_lines_are_counted_and_cut_ones_are_not() {
        assert_eq!(
            left("a.ndjson", "{\"id\":1}\n{\"id\":2}\n{\"id\"").unwrap(),
            Some((2, json!({"id": 2}), 18))
        );
        assert_eq!(left("a.ndjson", "{\"id\"").unwrap(), None);
        let csv = "id,note\nA,x\nB,\"two\nlines\"\n";
        let whole = csv.len() as u64;
        assert_eq!(left("a.csv", csv).unwrap(), Some((2, json!({"id": "B", "note": "two\nlines"}), whole)));
        // Cut behind the line break within a cell: an open quote would swallow what follows.
        assert_eq!(left("a.csv", &format!("{csv}C,\"two\n")).unwrap().unwrap().2, whole);
        assert_eq!(left("a.csv", &format!("{csv}C,\"a \"\"quote\"\"\n")).unwrap().unwrap().2, whole);
        assert_eq!(left("a.csv", &format!("{csv}C,\"a \"\"quote\"\"\"\n")).unwrap().unwrap().0, 3);
        assert_eq!(left("a.csv", "id,note\n").unwrap(), None);
        assert!(left("a.ndjson", "no json\n").is_err());
    }

    #[test]
    fn fields_without_a_column_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut sheet = Sheet::open(&path, "q", None, &[]).unwrap();
        sheet.write(&[json!({"id": 1}), json!({"id": 2, "b": 1})]).unwrap();
        sheet.write(&[json!({"id": 3, "late": 1, "x.y": 2})]).unwrap();
        assert_eq!(sheet.left_out(), ["late", "x.y"]);
        assert!(!path.exists());
        sheet.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "id,b\n1,\n2,1\n3,\n");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}

//! SQLite's write-ahead log needs memory shared between processes and locks that hold. Network file
//! systems give neither, and lose committed payments without an error: they are refused.

use std::path::Path;

/// File system types that are, or may be, on another machine.
const NETWORK: [&str; 15] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.sshfs",
    "gfs2",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
];

/// The type of the network file system that this absolute path lies on, judging by the content of
/// Linux's `/proc/self/mountinfo`; none for a local one.
pub(crate) fn network_of<'a>(mountinfo: &'a str, path: &Path) -> Option<&'a str> {
    let (_, kind) = mountinfo
        .lines()
        .filter_map(mount)
        .filter(|(point, _)| path.starts_with(point))
        // The longest mount point that leads to the path; of several on one point, the topmost.
        .max_by_key(|(point, _)| point.len())?;
    let remote = NETWORK.contains(&kind) || kind.starts_with("smb") || kind.starts_with("nfs");
    remote.then_some(kind)
}

/// Mount point and file system type of a line: the fifth field, and the one after ` - `.
fn mount(line: &str) -> Option<(String, &str)> {
    let (mount, device) = line.split_once(" - ")?;
    let point = mount.split(' ').nth(4)?;
    let kind = device.split(' ').next()?;
    Some((unescaped(point), kind))
}

/// The kernel writes space, tab, newline and backslash as three octal digits.
fn unescaped(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .into_iter()
    .fold(point.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:40 / /srv rw shared:7 - nfs4 10.0.0.2:/export rw
31 30 254:1 / /srv/fast rw - xfs /dev/vdb rw
32 27 0:41 / /mnt/my\\040share rw - cifs //server/share rw
33 27 0:42 / /host rw - 9p host rw
a line that is no mount";

    #[test]
    fn network_file_systems_are_seen_by_the_nearest_mount() {
        let network = |path| network_of(MOUNTS, Path::new(path));
        assert_eq!(network("/var/lib/paydesk.db"), None);
        assert_eq!(network("/srv/paydesk.db"), Some("nfs4"));
        assert_eq!(network("/srv/fast/paydesk.db"), None);
        assert_eq!(
            network("/srv/faster/paydesk.db"),
            Some("nfs4"),
            "a whole name, no prefix"
        );
        assert_eq!(network("/mnt/my share/paydesk.db"), Some("cifs"));
        assert_eq!(network("/host/paydesk.db"), Some("9p"));
    }

    #[test]
    fn what_cannot_be_told_is_not_refused() {
        assert_eq!(network_of("", Path::new("/var/lib/paydesk.db")), None);
    }

    #[test]
    fn of_two_mounts_on_one_point_the_later_counts() {
        let over = "1 0 0:1 / /data rw - nfs4 s:/x rw\n2 1 0:2 / /data rw - ext4 /dev/sdb rw";
        assert_eq!(network_of(over, Path::new("/data/p.db")), None);
    }
}

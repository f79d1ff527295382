package settings

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"egress-monitor/lib/layout"
)

// folder returns a path that can be put into a configuration file as it is, and
// has one spelling.
func folder(value string) (string, error) {
	switch {
	case value[0] != '/':
		return "", fmt.Errorf("%q: not an absolute path", value)
	case len(value) > 512:
		return "", fmt.Errorf("longer than 512 bytes")
	case path.Clean(value) != strings.TrimSuffix(value, "/") && value != "/":
		return "", fmt.Errorf("%q: write it as %s", value, path.Clean(value))
	}
	return path.Clean(value), only(value, "_./-", "only letters, digits and _ . / -")
}

// checkFolders refuses folders that are not for us alone: enable gives them
// another owner, and disable --purge removes them. It returns the setting to
// blame.
func (s *Settings) checkFolders() (setting string, err error) {
	all := []struct{ setting, dir, example string }{
		{"EGRESS_LOG_DIR", s.LogDir, "/var/log/egress-monitor"},
		{"EGRESS_STATE_DIR", s.StateDir, "/var/lib/egress-monitor"},
		{"EGRESS_DNSMASQ_LOG", s.LogFolder(), "/var/log/egress-queries"},
	}
	for _, e := range all {
		if Shared(e.dir) {
			return e.setting, fmt.Errorf("the folder %s is not for egress-monitor alone; choose one of its own, like %s", e.dir, e.example)
		}
	}
	for i, a := range all {
		for j, b := range all {
			// The query log's folder may be in the folder of the two files, whose sticky bit keeps it there. In any
			// other pair the owner of the outer folder could replace the inner one.
			if i < j && a.dir == b.dir || i != j && within(a.dir, b.dir) && !(i == 2 && j == 0) {
				return blame(a.setting, b.setting, s), fmt.Errorf("%s and %s need folders that are not within each other (%s, %s)",
					a.setting, b.setting, a.dir, b.dir)
			}
		}
	}
	return "", nil
}

// blame chooses the setting that is not the default.
func blame(a, b string, s *Settings) string {
	d := Default()
	if a == "EGRESS_LOG_DIR" && s.LogDir == d.LogDir || a == "EGRESS_STATE_DIR" && s.StateDir == d.StateDir {
		return b
	}
	return a
}

// within reports whether the folder inner is somewhere below outer.
func within(inner, outer string) bool {
	return strings.HasPrefix(inner, strings.TrimSuffix(outer, "/")+"/")
}

// Folders that belong to the system, or to many programs, with those they hold
// (FHS 3.0, hier(7), file-hierarchy(7)). What lies deeper can be ours.
var shared = map[string]string{
	"/var":       "account backups cache crash db empty games lib local lock log mail opt run spool tmp www yp",
	"/var/log":   "apt audit installer journal private sysstat",
	"/var/lib":   "apt containers dbus docker dpkg misc private polkit-1 systemd",
	"/usr/local": "bin etc games include lib man sbin share src",
	"/opt":       "bin doc include info lib man",
	"/srv":       "ftp http www",
}

// Trees in which nothing is ours to make: the system's, the kernel's, and those
// in which anybody may put something into our place.
var closed = strings.Fields(`/bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /lost+found /media /mnt /proc /root /run /sbin /sys /tmp
	/usr/bin /usr/include /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/sbin /usr/share /usr/src /var/tmp /var/lock /var/run /var/log/journal`)

// Shared reports whether a folder is not for one program alone: the root, every
// folder in it, those of the lists above, and our own of other uses.
func Shared(dir string) bool {
	parent, name := path.Split(dir)
	parent = path.Clean(parent)
	if parent == "/" || strings.HasPrefix(dir, "/usr/") && parent == "/usr" {
		return true
	}
	for _, tree := range append(closed, layout.Etc, layout.Admin, layout.Run, layout.Lib) {
		if dir == tree || within(dir, tree) {
			return true
		}
	}
	return slices.Contains(strings.Fields(shared[parent]), name)
}

package cli

import "runtime/debug"

// release is the version in the first line of scripts/debian/changelog.
const release = "1.0.0~rc1"

// version returns the release, and the commit if the build recorded one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	return release + commit(info.Settings)
}

// commit returns " (commit 0123456789ab)", or "" if git told the Go tool nothing.
// A build of changed files is "modified".
func commit(settings []debug.BuildSetting) string {
	var revision, modified string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return ""
	}
	return " (commit " + revision + modified + ")"
}

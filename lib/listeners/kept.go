package listeners

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// keptFor is how long a name server's questions are left out after it was last seen.
// A name server that is restarted does not listen for a moment, and may ask before
// it is seen to listen again.
const keptFor = 24 * time.Hour

// kept is a resolver whose questions are left out.
type kept struct {
	Program string
	UID     int
	User    string
	Seen    time.Time
}

// keep returns found, and the resolvers that were left out before and do not listen
// now. It notes those that do. The file changes once an hour, if none is new.
func (f *Finder) keep(found []Resolver) []Resolver {
	if f.Kept == "" {
		return found
	}
	now := f.time()
	list, changed := f.known(now)
	for _, r := range found {
		if r.LeftOut {
			changed = note(&list, kept{r.Program, r.UID, r.User, now}) || changed
		}
	}
	for _, k := range list {
		if !slices.ContainsFunc(found, func(r Resolver) bool { return r.UID == k.UID }) {
			found = append(found, Resolver{Program: k.Program, UID: k.UID, User: k.User, LeftOut: true,
				Why: fmt.Sprintf("not running now, but seen at %s", k.Seen.UTC().Format(time.RFC3339))})
		}
	}
	if text, err := json.Marshal(list); err == nil && changed {
		renameio.WriteFile(f.Kept, text, 0o600) // if it fails, they are found when they listen
	}
	return found
}

// known reads the file. It skips users whose name has another user ID now.
func (f *Finder) known(now time.Time) (list []kept, changed bool) {
	text, err := os.ReadFile(f.Kept)
	if err != nil || json.Unmarshal(text, &list) != nil {
		return nil, false
	}
	n := len(list)
	list = slices.DeleteFunc(list, func(k kept) bool {
		age := now.Sub(k.Seen)
		return age > keptFor || age < -keptFor || k.UID <= 0 || f.userName(k.UID) != k.User
	})
	return list, len(list) < n
}

// note adds a resolver to the list. It reports whether the file must be written.
func note(list *[]kept, k kept) bool {
	for i := range *list {
		if old := &(*list)[i]; old.UID == k.UID && old.Program == k.Program {
			stale := k.Seen.Sub(old.Seen).Abs() > time.Hour
			if stale {
				*old = k
			}
			return stale
		}
	}
	*list = append(*list, k)
	return true
}

func (f *Finder) time() time.Time {
	if f.now != nil {
		return f.now()
	}
	return time.Now()
}

package report

import (
	"encoding/json"
	"io"
)

// PrintJSON prints the tables as one JSON object, by their names:
//
//	{"direct-hosts": {"title": "…", "rows": [{"host": "web1", "addresses": 3, …}], "more": 0}, …}
func (r *Report) PrintJSON(w io.Writer) error {
	type table struct {
		Title string           `json:"title"`
		Rows  []map[string]any `json:"rows"`
		More  int              `json:"more"`
	}
	all := map[string]table{}
	for i := range r.Sections {
		s := &r.Sections[i]
		t := table{s.Title, make([]map[string]any, 0, len(s.Rows)), s.More}
		for _, cells := range s.Rows {
			t.Rows = append(t.Rows, s.object(cells))
		}
		all[s.ID] = t
	}
	to := json.NewEncoder(w)
	to.SetIndent("", " ")
	return to.Encode(all)
}

// object is a row by the names of its columns. The second column of a name
// (there are two "new" ones) has the name of the one before it too.
func (s *Section) object(cells []Cell) map[string]any {
	row := map[string]any{}
	for i, c := range s.Columns {
		name := c.Name
		if _, taken := row[name]; taken || name == "new" {
			name += " " + s.Columns[i-1].Name
		}
		row[name] = cells[i].value(c)
	}
	return row
}

func (c Cell) value(in Column) any {
	switch {
	case in.Number:
		return c.Number
	case c.Exact != "":
		return c.Exact
	}
	return c.Text
}

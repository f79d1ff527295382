package clickhouse

import (
	"bytes"
	"encoding/json"
	"strings"
)

// plugin is the data source that the dashboard is for, version 4 and later.
const plugin = "grafana-clickhouse-datasource"

// A panel shows the answer to a query.
type panel struct {
	title, kind   string
	width, height int
	sql           string
}

// panels returns the panels of the dashboard, from left to right and from above.
// Things are new in the time range of the dashboard.
func panels() []panel {
	return []panel{
		{"Hosts", "stat", 8, 6, "SELECT count() AS hosts, countIf(state = 'failed') AS pull_failed, countIf(current < now() - 93600) AS pulled_over_26_hours_ago FROM egress.hosts"},
		{"Hosts that may see less than there is", "table", 16, 6, named("blind")},
		{"Day by day", "timeseries", 24, 8, "SELECT toDateTime(day, 'UTC') AS time, direct, new_names, new_addresses\nFROM\n(\n" +
			named("history") + "\n) AS h\nWHERE $__dateFilter(day)\nORDER BY time"},
		{"Direct-IP egress, the rarest first", "table", 12, 10, limited("direct-ips")},
		{"Around the resolver", "table", 12, 10, limited("resolver-bypass")},
		{"Names new on a host", "table", 12, 10, limited("new-domains")},
		{"Addresses new on a host", "table", 12, 10, limited("new-ips")},
		{"Names new in the fleet", "table", 12, 10, limited("new-in-fleet")},
		{"Names and addresses of one host only", "table", 12, 10, limited("one-host")},
		{"Floods: rows that stand for many", "table", 24, 8, limited("flooded")},
	}
}

// named returns a query as the data source wants it.
func named(name string) string {
	text, err := Query(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return strings.ReplaceAll(text, SinceParameter, "$__fromTime")
}

// limited bounds the rows that a browser has to show.
func limited(name string) string { return named(name) + "\nLIMIT 1000" }

type object map[string]any

// Dashboard returns a dashboard for Grafana, with the queries in it, as Grafana
// imports it. Cells are shown as text: nothing in it makes a link, or reads
// markup, of what comes from a host.
func Dashboard() []byte {
	source := object{"type": plugin, "uid": "${source}"}
	dashboard := object{
		"__inputs":             []object{{"name": "DS_EGRESS", "label": "ClickHouse", "description": "", "type": "datasource", "pluginId": plugin, "pluginName": "ClickHouse"}},
		"__requires":           requires(),
		"id":                   nil,
		"title":                "Egress",
		"uid":                  "egress-monitor",
		"description":          "Where the servers reach, and what does not belong. Times are UTC.",
		"tags":                 []string{"egress-monitor"},
		"timezone":             "utc",
		"schemaVersion":        39,
		"editable":             true,
		"graphTooltip":         0,
		"fiscalYearStartMonth": 0,
		"liveNow":              false,
		"timepicker":           object{},
		"time":                 object{"from": "now-7d", "to": "now"},
		"annotations":          object{"list": []object{}},
		"templating":           object{"list": []object{sourceVariable()}},
		"panels":               layPanels(source),
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(dashboard); err != nil {
		panic(err) // there is nothing in it that could fail
	}
	return out.Bytes()
}

// requires names what Grafana must have.
func requires() []object {
	list := []object{
		{"type": "grafana", "id": "grafana", "name": "Grafana", "version": "10.0.0"},
		{"type": "datasource", "id": plugin, "name": "ClickHouse", "version": "4.0.0"},
	}
	seen := map[string]bool{}
	for _, p := range panels() {
		if !seen[p.kind] {
			list = append(list, object{"type": "panel", "id": p.kind, "name": p.kind, "version": ""})
		}
		seen[p.kind] = true
	}
	return list
}

// sourceVariable lets people choose the data source. Imported by hand it is the
// one that Grafana asks for; put into a folder of dashboards it is the first one.
func sourceVariable() object {
	return object{"type": "datasource", "name": "source", "label": "Data source", "query": plugin, "regex": "", "refresh": 1, "hide": 0,
		"multi": false, "includeAll": false, "skipUrlSync": false, "options": []object{}, "current": object{"selected": true, "text": "", "value": "${DS_EGRESS}"}}
}

// layPanels puts panels side by side, as long as they fit into 24 columns.
func layPanels(source object) (list []object) {
	x, y, tallest := 0, 0, 0
	for i, p := range panels() {
		if x+p.width > 24 {
			x, y, tallest = 0, y+tallest, 0
		}
		list = append(list, object{
			"id": i + 1, "title": p.title, "type": p.kind, "datasource": source,
			"gridPos":     object{"x": x, "y": y, "w": p.width, "h": p.height},
			"fieldConfig": object{"defaults": object{"custom": custom(p.kind)}, "overrides": []object{}},
			"options":     options(p.kind),
			"targets":     []object{target(p, source)},
		})
		x, tallest = x+p.width, max(tallest, p.height)
	}
	return list
}

func custom(kind string) object {
	if kind == "table" {
		return object{"filterable": true, "cellOptions": object{"type": "auto"}}
	}
	return object{}
}

func options(kind string) object {
	if kind == "stat" {
		return object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}}
	}
	return object{}
}

// target returns the query of a panel; format 0 is a series over time, 1 a
// table.
func target(p panel, source object) object {
	query, format := "table", 1
	if p.kind == "timeseries" {
		query, format = "timeseries", 0
	}
	return object{"refId": "A", "datasource": source, "editorType": "sql", "queryType": query, "format": format,
		"rawSql": p.sql, "meta": object{"timezone": "UTC"}, "pluginVersion": "4.0.0"}
}

package stamp

import "time"

// abbreviations are those of tzdata (2025b) that mean one zone only, with its offset in
// minutes east of Greenwich. Where a zone has none, tzdata writes its offset.
var abbreviations = map[string]int64{
	"SST": -660, "HST": -600, "AKST": -540, "AKDT": -480, "MST": -420, "PDT": -420, "MDT": -360, "EST": -300, "CDT": -300,
	"EDT": -240, "AST": -240, "NST": -210, "ADT": -180, "NDT": -150,
	"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "WAT": 60, "CEST": 120, "EET": 120, "CAT": 120, "SAST": 120,
	"EEST": 180, "MSK": 180, "EAT": 180, "IDT": 180, "MSD": 240, "PKT": 300,
	"WIB": 420, "WITA": 480, "HKT": 480, "AWST": 480, "WIT": 540, "JST": 540, "KST": 540,
	"ACST": 570, "AEST": 600, "CHST": 600, "ACDT": 630, "AEDT": 660, "NZST": 720, "NZDT": 780,
}

// isAmbiguous reports whether an abbreviation means several zones: those of America,
// China and Cuba; India, Israel and Ireland; Britain and once others; America and the
// Philippines.
func isAmbiguous(name []byte) bool {
	switch string(name) {
	case "CST", "IST", "BST", "PST":
		return true
	}
	return false
}

// hasAbbreviation reports whether a zone has this name at some time of the year.
func hasAbbreviation(loc *time.Location, name []byte, year int) bool {
	if year == 0 {
		year = time.Now().Year()
	}
	for m := time.January; m <= time.December; m++ {
		if n, _ := time.Date(year, m, 15, 0, 0, 0, 0, loc).Zone(); n == string(name) {
			return true
		}
	}
	return false
}

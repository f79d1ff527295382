package stamp

// abbreviations are those of tzdata (2025b) that mean one thing only, in
// minutes east of Greenwich. Where a zone has none, tzdata writes its offset.
var abbreviations = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "MSD": 240,
	"EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180,
	"NST": -210, "NDT": -150, "WAT": 60, "CAT": 120, "EAT": 180, "SAST": 120, "PKT": 300, "WIB": 420, "WITA": 480, "WIT": 540, "HKT": 480,
	"JST": 540, "KST": 540, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "SST": -660, "IDT": 180, "CHST": 600,
}

// abbreviation is how many seconds a zone is east of Greenwich.
func abbreviation(name []byte) (seconds int64, ok bool) {
	minutes, ok := abbreviations[string(name)]
	return int64(minutes) * 60, ok
}

// isAmbiguous names those that mean several: America, China and Cuba; India,
// Israel and Ireland; Britain and once others; America and the Philippines.
func isAmbiguous(name []byte) bool {
	switch string(name) {
	case "CST", "IST", "BST", "PST":
		return true
	}
	return false
}

package stamp

// abbreviation returns how many seconds the zone is east of Greenwich that an
// abbreviation names: those of tzdata (2025b) that mean one thing only. Where a
// zone has none, tzdata writes its offset.
func abbreviation(name []byte) (seconds int64, ok bool) {
	switch string(name) {
	case "SST":
		return -11 * 3600, true
	case "HST":
		return -10 * 3600, true
	case "AKST":
		return -9 * 3600, true
	case "AKDT":
		return -8 * 3600, true
	case "MST", "PDT":
		return -7 * 3600, true
	case "MDT":
		return -6 * 3600, true
	case "EST", "CDT":
		return -5 * 3600, true
	case "EDT", "AST":
		return -4 * 3600, true
	case "NST":
		return -210 * 60, true
	case "ADT":
		return -3 * 3600, true
	case "NDT":
		return -150 * 60, true
	case "UTC", "GMT", "Z", "WET":
		return 0 * 3600, true
	case "WEST", "CET", "WAT":
		return 1 * 3600, true
	case "CEST", "EET", "CAT", "SAST":
		return 2 * 3600, true
	case "EEST", "MSK", "EAT", "IDT":
		return 3 * 3600, true
	case "MSD":
		return 4 * 3600, true
	case "PKT":
		return 5 * 3600, true
	case "WIB":
		return 7 * 3600, true
	case "WITA", "HKT", "AWST":
		return 8 * 3600, true
	case "WIT", "JST", "KST":
		return 9 * 3600, true
	case "ACST":
		return 570 * 60, true
	case "AEST", "CHST":
		return 10 * 3600, true
	case "ACDT":
		return 630 * 60, true
	case "AEDT":
		return 11 * 3600, true
	case "NZST":
		return 12 * 3600, true
	case "NZDT":
		return 13 * 3600, true
	}
	return 0, false
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

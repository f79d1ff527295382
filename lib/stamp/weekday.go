package stamp

import "bytes"

// weekdays are the names of the days of the week in the languages of months
// (abday in glibc's localedata/locales). The day itself does not matter: the
// date implies it.
var weekdays = [...]string{
	"mon", "tue", "wed", "thu", "fri", "sat", "sun",
	"mo", "di", "mi", "do", "fr", "sa", "so",
	"lun", "mar", "mer", "jeu", "ven", "sam", "dim", "mié", "jue", "vie", "sáb", "dom", "gio", "sab",
	"seg", "ter", "qua", "qui", "sex", "ma", "wo", "vr", "za", "zo",
	"pon", "wto", "śro", "czw", "pią", "sob", "nie", "po", "út", "ut", "st", "čt", "št", "pá", "pi", "ne",
	"пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд",
	"mån", "tis", "ons", "tor", "fre", "lör", "sön", "man", "tir", "lør", "søn", "ti", "on", "to", "lø", "sø", "ke", "pe", "la", "su",
	"h", "k", "sze", "cs", "p", "szo", "v", "pzt", "sal", "çrş", "prş", "cum", "cts", "paz",
	"lu", "jo", "vi", "sb", "du", "δευ", "τρι", "τετ", "πεμ", "παρ", "σαβ", "κυρ", "sen", "sel", "rab", "kam", "jum", "min", "ned", "sre", "čet", "pet",
	"月", "火", "水", "木", "金", "土", "日", "一", "二", "三", "四", "五", "六", "월", "화", "수", "목", "금", "토", "일",
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
}

// IsEnglishDay reports whether a word is a day of the week as ctime writes it.
func IsEnglishDay(word []byte) bool {
	switch string(word) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// isWeekday reports whether a word is the name of a day of the week.
func isWeekday(word []byte) bool {
	if len(word) == 0 || len(word) > 12 {
		return false
	}
	if IsEnglishDay(word) {
		return true // as most of them (10 % of dnsparse for the lines of logread)
	}
	word = bytes.TrimSuffix(word, []byte("."))
	for _, name := range weekdays {
		if len(name) == len(word) && bytes.EqualFold(word, []byte(name)) {
			return true
		}
	}
	return false
}

package stamp

import (
	"bytes"
	"time"
)

// months are the names that journalctl, dmesg and date print in languages that
// servers are set to: strftime's %b (abmon in glibc's localedata/locales,
// version 2.36). A last dot may be missing. Croatian is left out: see isCroatian.
var months = [12][]string{
	{"january", "jan", "jän", "janv.", "ene", "gen", "ian", "sty", "янв", "яну", "јан", "січ", "led", "tammi", "oca", "ιαν", "1月", "1월"},
	{"february", "feb", "févr.", "fév", "fev", "febr", "lut", "фев", "феб", "лют", "úno", "helmi", "şub", "φεβ", "2月", "2월"},
	{"march", "mar", "mär", "mars", "mrt", "márc", "мар", "бер", "bře", "maalis", "μαρ", "3月", "3월"},
	{"april", "apr", "avril", "avr", "abr", "ápr", "kwi", "апр", "кві", "dub", "huhti", "nis", "απρ", "4月", "4월"},
	{"may", "mai", "mag", "maj", "mei", "máj", "мая", "май", "мај", "тра", "kvě", "touko", "μαΐ", "5月", "5월"},
	{"june", "jun", "juin", "giu", "iun", "juni", "jún", "jūn", "cze", "июн", "юни", "јун", "чер", "čen", "kesä", "haz", "ιουν", "6月", "6월"},
	{"july", "jul", "juil.", "jui", "lug", "iul", "juli", "júl", "jūl", "lip", "июл", "юли", "јул", "лип", "čec", "heinä", "tem", "ιουλ", "7月", "7월"},
	{"august", "aug", "août", "aoû", "ago", "agu", "avg", "sie", "авг", "сер", "srp", "elo", "ağu", "αυγ", "8月", "8월"},
	{"september", "sep", "sept", "set", "szept", "wrz", "сен", "сеп", "вер", "zář", "syys", "eyl", "σεπ", "9月", "9월"},
	{"october", "oct", "okt", "ott", "out", "paź", "окт", "жов", "říj", "loka", "eki", "οκτ", "10月", "10월"},
	{"november", "nov", "lis", "ноя", "ное", "нов", "лис", "marras", "kas", "νοε", "11月", "11월"},
	{"december", "dec", "déc", "dez", "dic", "des", "gru", "дек", "дец", "гру", "pro", "joulu", "ara", "δεκ", "12月", "12월"},
}

// isCroatian reports whether a name that is read as July (Polish), August (Czech)
// or November (Polish, Czech) is that of the month before in Croatian.
func isCroatian(name []byte) bool {
	switch string(bytes.ToLower(name)) {
	case "lip", "srp", "lis":
		return true
	}
	return false
}

// anyMonth reads the name of a month in any of these languages, English in its usual
// spelling excepted.
func anyMonth(b []byte) (time.Month, bool) {
	if len(b) < 3 || len(b) > 12 {
		return 0, false
	}
	b = bytes.TrimSuffix(b, []byte("."))
	for i, names := range months {
		for _, name := range names {
			if n := len(name); n > 0 && name[n-1] == '.' {
				name = name[:n-1]
			}
			if len(name) == len(b) && bytes.EqualFold(b, []byte(name)) {
				return time.Month(i + 1), true
			}
		}
	}
	return 0, false
}

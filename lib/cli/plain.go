package cli

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// plain sets the fields of a command from arguments of the plainest forms, --flag and
// --flag=value and then operands, as package kong would. It returns false, and sets
// nothing, if the arguments or the tags of the command hold anything else, or the
// command refuses the arguments: then kong parses them, and reports what is wrong.
//
// An idle server starts five filters a minute, and kong's model of their flags takes
// an eighth of a start (0.24 of 1.75 ms).
func plain(cmd Command, args []string) bool {
	target := reflect.ValueOf(cmd).Elem()
	parsed := reflect.New(target.Type())
	p := plainArgs{flags: map[string]reflect.Value{}, needed: map[string]bool{}}
	if target.Kind() != reflect.Struct || !target.IsZero() || !p.add(parsed.Elem()) {
		return false
	}
	for _, arg := range args {
		if !p.take(arg) {
			return false
		}
	}
	missing := len(p.operands) > 0 && p.operands[0].Kind() == reflect.String
	if missing || len(p.needed) > 0 {
		return false
	}
	if v, ok := parsed.Interface().(interface{ Validate() error }); ok && v.Validate() != nil {
		return false
	}
	target.Set(parsed.Elem())
	return true
}

// plainArgs holds the flags and operands of a command that plain knows to set.
type plainArgs struct {
	flags    map[string]reflect.Value // by "--name"
	needed   map[string]bool          // those with a default, which is left to kong
	operands []reflect.Value          // a string is one that must be given, a list takes all that follow
	some     bool                     // an operand was given
}

// add adds the fields of a struct. It returns false if one has a tag that plain does
// not know.
func (p *plainArgs) add(v reflect.Value) bool {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		tags, ok := plainTags(string(field.Tag))
		_, embedded := tags["embed"]
		switch {
		case !ok:
			return false
		case !field.IsExported():
		case embedded:
			if !p.add(value) {
				return false
			}
		default:
			p.addField(field.Name, value, tags)
		}
	}
	return true
}

func (p *plainArgs) addField(name string, value reflect.Value, tags map[string]string) {
	if _, operand := tags["arg"]; operand {
		p.operands = append(p.operands, value)
		return
	}
	switch value.Interface().(type) {
	case string, bool, int:
	case []string:
		if tags["sep"] != "none" { // kong splits the values
			return
		}
	default:
		return
	}
	if name = flagName(name); tags["name"] != "" {
		name = tags["name"]
	}
	if name == "" {
		return
	}
	p.flags["--"+name] = value
	if _, has := tags["default"]; has {
		p.needed["--"+name] = true
	}
}

// take sets what an argument gives. It returns false if the argument is not plain.
func (p *plainArgs) take(arg string) bool {
	if !strings.HasPrefix(arg, "-") {
		return p.takeOperand(arg)
	}
	name, text, hasValue := strings.Cut(arg, "=")
	value, ok := p.flags[name]
	if !ok || p.some || hasValue == (value.Kind() == reflect.Bool) {
		return false
	}
	delete(p.needed, name)
	switch value.Kind() {
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil || strconv.Itoa(n) != text { // 0x10 is kong's
			return false
		}
		value.SetInt(int64(n))
	default:
		set(value, text)
	}
	return true
}

func (p *plainArgs) takeOperand(arg string) bool {
	if len(p.operands) == 0 {
		return false
	}
	p.some = true
	set(p.operands[0], arg)
	if p.operands[0].Kind() == reflect.String {
		p.operands = p.operands[1:]
	}
	return true
}

// set sets a string, or appends to a list of strings.
func set(value reflect.Value, text string) {
	if value.Kind() == reflect.String {
		value.SetString(text)
		return
	}
	value.Set(reflect.Append(value, reflect.ValueOf(text)))
}

// flagName returns the name that kong gives to a field: MaxRows is max-rows. For a
// name that is not of such words, as MaxIPs, it returns "".
func flagName(field string) string {
	var name strings.Builder
	for i, r := range field {
		upper := 'A' <= r && r <= 'Z'
		switch {
		case !upper && (r < 'a' || r > 'z'), upper && (i == len(field)-1 || field[i+1] < 'a'):
			return ""
		case upper && i > 0:
			name.WriteByte('-')
		}
		name.WriteRune(r)
	}
	return strings.ToLower(name.String())
}

// plainTags splits the tag of a field. It returns false if there is a word that plain
// does not know.
func plainTags(tag string) (tags map[string]string, ok bool) {
	tags = map[string]string{}
	for tag = strings.TrimSpace(tag); tag != ""; tag = strings.TrimSpace(tag) {
		word, rest, _ := strings.Cut(tag, ":")
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil || !slices.Contains(plainWords, word) {
			return nil, false
		}
		if tags[word], err = strconv.Unquote(quoted); err != nil {
			return nil, false
		}
		tag = rest[len(quoted):]
	}
	return tags, true
}

var plainWords = []string{"help", "placeholder", "name", "arg", "optional", "embed", "sep", "default"}

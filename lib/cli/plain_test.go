package cli

import (
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

type inner struct {
	CursorFile string `placeholder:"FILE" help:"A \"quoted\" word."`
	hidden     int
}

type filter struct {
	AfterCursor string    `help:"A string."`
	ShowCursor  bool      `help:"A flag."`
	MaxRows     int       `placeholder:"N" help:"A number."`
	MaxIPs      int       `name:"max-ips" help:"A number."`
	MaxBIPs     int       `help:"kong finds a name for it."`
	UTC         bool      `name:"utc"`
	Tag         []string  `sep:"none" help:"A list."`
	Split       []string  `help:"A list that kong splits at commas."`
	Now         time.Time `help:"Only kong knows how to parse it."`
	In          inner     `embed:""`
	Files       []string  `arg:"" optional:"" name:"file"`
	Version     Version
}

func (*filter) Run() error { return nil }

func (f *filter) Validate() error {
	if f.UTC && f.ShowCursor {
		return errors.New("not both")
	}
	return nil
}

type reader struct {
	Prefix []string `sep:"none" default:"EGRESS: " help:"A list with a default (\"${default}\")."`
	File   string   `arg:""`
}

func (*reader) Run() error { return nil }

// parsed is what kong makes of arguments; nil if it refuses them.
func parsed(cmd Command, args []string) Command {
	k, err := kong.New(cmd, kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) { panic("exit") }))
	if err != nil {
		panic(err)
	}
	if _, err := k.Parse(args); err != nil {
		return nil
	}
	return cmd
}

// Whatever plain takes, kong takes, and it means the same; what plain leaves to kong
// is left as it was.
func TestPlainIsAsKong(t *testing.T) {
	words := strings.Split("--after-cursor=|--after-cursor=s=1;i=2|--after-cursor='a, b'|--after-cursor=\\x|--after-cursor|x|--show-cursor|"+
		"--show-cursor=false|--no-show-cursor|--max-rows=7|--max-rows=-7|--max-rows=0x10|--max-rows=|--max-rows=1e3|--max-rows=99999999999999999999|"+
		"--max-ips=3|--max-i-ps=3|--max-b-i-ps=3|--max-bi-ps=3|--max-bips=3|--utc|--u-t-c|--tag=a,b|--tag=|--tag=c d|--tag='|--split=a,b|--now=2026-11-26T05:00:00Z|"+
		"--cursor-file=/a b|--in=x|--hidden=1|-|--|-x|a=b|/file|--prefix=EGRESS: |--prefix=a,b|--file=x||é|--after-cursor=é", "|")
	random, took := rand.New(rand.NewPCG(1, 2)), 0
	for range 20000 {
		args := make([]string, random.IntN(4))
		for i := range args {
			args[i] = words[random.IntN(len(words))]
		}
		for _, pair := range [][2]Command{{&filter{}, &filter{}}, {&reader{}, &reader{}}} {
			ours, zero := pair[0], reflect.Zero(reflect.TypeOf(pair[0]).Elem()).Interface()
			if !plain(ours, args) {
				if !reflect.DeepEqual(reflect.ValueOf(ours).Elem().Interface(), zero) {
					t.Fatalf("%q: left to kong, and changed: %+v", args, ours)
				}
				continue
			}
			took++
			if theirs := parsed(pair[1], args); !reflect.DeepEqual(ours, theirs) {
				t.Fatalf("%q: %+v, and kong's %+v", args, ours, theirs)
			}
		}
	}
	if took < 1000 {
		t.Errorf("%d of 40000 were plain", took)
	}
}

// The commands of an idle minute need no kong.
func TestPlainTakes(t *testing.T) {
	for _, args := range [][]string{
		{"--after-cursor=s=1;b=2", "--show-cursor", "--max-rows=100000", "--max-ips=1000", "--tag=a", "--tag=b", "--cursor-file=/x", "f", "g"},
		{},
	} {
		if !plain(&filter{}, args) {
			t.Errorf("%q are left to kong", args)
		}
	}
	if !plain(&reader{}, []string{"--prefix=EGRESS: ", "f"}) || plain(&reader{}, []string{"f"}) || plain(&reader{}, []string{"--prefix=x"}) {
		t.Error("a flag with a default, an operand that must be given")
	}
}

type strange struct {
	A string `env:"A"`
}

func (*strange) Run() error { return nil }

// A tag that plain does not know leaves all to kong.
func TestPlainKnowsItsLimits(t *testing.T) {
	if plain(&strange{}, nil) || plain(&filter{MaxRows: 1}, nil) {
		t.Error("taken")
	}
}

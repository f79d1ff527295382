package ask

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"egress-monitor/lib/testtools"
)

const patience = 300 * time.Millisecond

// Messages that do not answer our question are passed over: another id, another name, a question.
func TestAnswerIsOurs(t *testing.T) {
	server := testtools.NameServer(t, func(m *dnsmessage.Message) []*dnsmessage.Message {
		otherID := testtools.WithAddress(m, [4]byte{192, 0, 2, 66})
		otherID.ID++
		otherName := testtools.WithAddress(m, [4]byte{192, 0, 2, 67})
		otherName.Questions = []dnsmessage.Question{{Name: dnsmessage.MustNewName("evil.example."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}
		return []*dnsmessage.Message{otherID, otherName, m, testtools.WithAddress(m, [4]byte{192, 0, 2, 1})}
	})
	addrs, err := A(server, "www.example.org", patience)
	if err != nil || len(addrs) != 1 || addrs[0].String() != "192.0.2.1" {
		t.Errorf("got %v, %v; want 192.0.2.1", addrs, err)
	}
}

// That a name does not exist is an answer; that the server could not find out is not.
func TestResponseCodes(t *testing.T) {
	for code, want := range map[dnsmessage.RCode]string{
		dnsmessage.RCodeSuccess:       "",
		dnsmessage.RCodeNameError:     "",
		dnsmessage.RCodeServerFailure: "says ServerFailure",
		dnsmessage.RCodeRefused:       "says Refused",
	} {
		server := testtools.NameServer(t, func(m *dnsmessage.Message) []*dnsmessage.Message {
			r := *m
			r.Response, r.RCode = true, code
			return []*dnsmessage.Message{&r}
		})
		addrs, err := A(server, "www.example.org", patience)
		if len(addrs) != 0 || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, %v; want error %q", code, addrs, err, want)
		}
	}
}

func TestSilence(t *testing.T) {
	server := testtools.NameServer(t, func(*dnsmessage.Message) []*dnsmessage.Message { return nil })
	if addrs, err := A(server, "www.example.org", patience); err == nil {
		t.Errorf("got %v from a silent server", addrs)
	}
}

func TestRoot(t *testing.T) {
	for code, good := range map[dnsmessage.RCode]bool{dnsmessage.RCodeSuccess: true, dnsmessage.RCodeServerFailure: false} {
		server := testtools.NameServer(t, func(m *dnsmessage.Message) []*dnsmessage.Message {
			if q := m.Questions[0]; q.Name.String() != "." || q.Type != typeDNSKEY {
				return nil
			}
			r := *m
			r.Response, r.RCode = true, code
			return []*dnsmessage.Message{&r}
		})
		if err := Root(server, patience); (err == nil) != good {
			t.Errorf("%v: %v", code, err)
		}
	}
}

// The question of Unchecked has both bits, and its answer is as good as another.
func TestUnchecked(t *testing.T) {
	server := testtools.NameServer(t, func(m *dnsmessage.Message) []*dnsmessage.Message {
		if !m.CheckingDisabled || len(m.Additionals) != 1 || !m.Additionals[0].Header.DNSSECAllowed() {
			return nil
		}
		return []*dnsmessage.Message{testtools.WithAddress(m, [4]byte{192, 0, 2, 1})}
	})
	if addrs, err := Unchecked(server, "www.example.org", patience); err != nil || len(addrs) != 1 {
		t.Errorf("got %v, %v", addrs, err)
	}
}

// Package systemd asks systemd how units are, over D-Bus: org.freedesktop.systemd1
// as systemd 252 has it (org.freedesktop.systemd1(5)). Nothing is started for a
// question, and no text for people is read.
//
// Root is answered by systemd itself, on /run/systemd/private, so it needs no
// bus; others by way of the system bus.
package systemd

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"egress-monitor/lib/child"
)

// Timeout is how long a question may take.
const Timeout = 5 * time.Second

const (
	name    = "org.freedesktop.systemd1"
	manager = name + ".Manager"
	private = "unix:path=/run/systemd/private"
)

// Running reports whether systemd is this machine's init.
func Running() bool {
	info, err := os.Stat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// A Conn is a connection to systemd.
type Conn struct{ bus *dbus.Conn }

// Connect connects to systemd.
func Connect() (*Conn, error) {
	if os.Geteuid() == 0 {
		if bus, err := direct(); err == nil {
			return &Conn{bus}, nil
		}
	}
	bus, err := Bus()
	if err != nil {
		return nil, err
	}
	return &Conn{bus}, nil
}

// direct connects without a bus: no Hello.
func direct() (*dbus.Conn, error) {
	bus, err := dbus.Dial(private)
	if err != nil {
		return nil, err
	}
	if err := bus.Auth([]dbus.Auth{dbus.AuthExternal(fmt.Sprint(os.Geteuid()))}); err != nil {
		bus.Close()
		return nil, err
	}
	return bus, nil
}

// Bus connects to the system bus.
func Bus() (*dbus.Conn, error) {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, fmt.Errorf("the system bus does not answer (systemctl status dbus.socket): %w", err)
	}
	return bus, nil
}

// Close ends the connection.
func (c *Conn) Close() {
	if c != nil {
		c.bus.Close()
	}
}

func (c *Conn) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	return c.bus.Object(name, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
}

// Property returns a property of a unit: of org.freedesktop.systemd1.Unit, or
// of another interface, as in "Service.MainPID". A unit that is not there has
// LoadState "not-found" and ActiveState "inactive".
func (c *Conn) Property(unit, property string) (any, error) {
	of := "Unit"
	if i := strings.IndexByte(property, '.'); i >= 0 {
		of, property = property[:i], property[i+1:]
	}
	var value dbus.Variant
	err := c.call(unitPath(unit), "org.freedesktop.DBus.Properties.Get", name+"."+of, property).Store(&value)
	if err != nil {
		return nil, fmt.Errorf("systemd: %s: %w", unit, err)
	}
	return value.Value(), nil
}

// unitPath returns the unit's object: systemd loads it when it is asked for.
// Bytes that are no letter or digit are written as _ and two hexadecimal digits
// (sd_bus_path_encode(3)).
func unitPath(unit string) dbus.ObjectPath {
	var b strings.Builder
	b.WriteString("/org/freedesktop/systemd1/unit/")
	for i, c := range []byte(unit) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' && i > 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return dbus.ObjectPath(b.String())
}

// Active reports whether a unit runs.
func (c *Conn) Active(unit string) bool {
	s, err := c.Property(unit, "ActiveState")
	return err == nil && (s == "active" || s == "reloading")
}

// Exists reports whether systemd knows the unit.
func (c *Conn) Exists(unit string) bool {
	v, err := c.Property(unit, "LoadState")
	return err == nil && v != "not-found" && v != "masked"
}

// Enabled reports whether a unit's file is enabled.
func (c *Conn) Enabled(unit string) bool {
	var state string
	err := c.call("/org/freedesktop/systemd1", manager+".GetUnitFileState", unit).Store(&state)
	return err == nil && (state == "enabled" || state == "enabled-runtime")
}

// Ask connects for a single Property.
func Ask(unit, property string) (any, error) {
	c, err := Connect()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Property(unit, property)
}

// Ctl runs systemctl, for a minute at most.
func Ctl(args ...string) error {
	return child.Command("systemctl", args...).Within(time.Minute).Run(context.Background())
}

// Package setup turns the monitor on and off: a list of steps (list.go). Each step
// knows whether it is done, how to do it, and how to undo it.
//
// The journal has an entry for each change before the change is made, and to undo a
// change that was not made does nothing. So an enable that fails or is interrupted
// rolls back by the same steps as disable, and so does a disable after a kill -9.
package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"egress-monitor/lib/change"
	"egress-monitor/lib/layout"
	"egress-monitor/lib/settings"
	"egress-monitor/lib/undo"
)

// A Step is one thing that enable does.
type Step struct {
	ID    string                                          // in the journal; the same in all versions
	Text  string                                          // for people
	Is    func() bool                                     // whether the step is done; nil: do it each time
	Do    func(ctx context.Context, h *change.Hand) error // a proof changes nothing
	Undo  func(notes []undo.Entry) error                  // restore the state before; nil: nothing to undo
	Keeps bool                                            // if Undo fails, the steps that are Base stay:
	Base  bool                                            // the resolver may still need them
}

// A Setup is one enable or disable.
type Setup struct {
	Settings settings.Settings
	Journal  *undo.Journal
	Out      io.Writer // one line for each step
	Warn     func(format string, args ...any)

	before  bool              // the monitor was on when enable began
	earlier settings.Settings // the settings in force then
	State
}

// Enabled reports whether the monitor is on.
func Enabled() bool {
	_, err := os.Stat(layout.Enabled)
	return err == nil
}

// Enable turns the monitor on.
func (s *Setup) Enable(ctx context.Context, dry bool) error {
	s.before = Enabled()
	s.earlier, _ = InForce(s.Journal)
	if err := s.preflight(); err != nil {
		return err
	}
	s.newLog = !s.before && s.logIsNew()
	if dry {
		fmt.Fprintln(s.Out, "egress-monitor enable would do this:")
		_, err := s.do(ctx, s.Steps(), s.Out)
		return err
	}
	if _, err := s.WriteUpstream(); err != nil {
		return err
	}
	hands, err := s.do(ctx, s.Steps(), nil)
	switch {
	case err == nil:
		return nil
	case s.before:
		return s.takeBack(hands, err)
	}
	s.Warn("%v", err)
	s.Warn("enable failed; putting everything back")
	if err := s.undo(Off{}); err != nil {
		return err
	}
	return errors.New("all is as before")
}

// do does the steps that are not done yet, in order. A dry run prints them instead.
func (s *Setup) do(ctx context.Context, steps []Step, dry io.Writer) (hands []*change.Hand, err error) {
	word := "do   "
	if dry != nil {
		word = "would"
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return hands, errors.New("interrupted")
		}
		if step.Do == nil {
			continue
		}
		if step.Is != nil && step.Is() {
			fmt.Fprintf(s.Out, "  ok     %s\n", step.Text)
			continue
		}
		fmt.Fprintf(s.Out, "  %s  %s\n", word, step.Text)
		h := s.Hand(ctx, step.ID)
		h.Print = dry
		hands = append(hands, h)
		if err := step.Do(ctx, h); err != nil {
			if ctx.Err() != nil {
				err = errors.New("interrupted")
			}
			return hands, err
		}
	}
	return hands, nil
}

// Hand returns the hand for a step's changes.
func (s *Setup) Hand(ctx context.Context, step string) *change.Hand {
	return &change.Hand{Step: step, Journal: s.Journal, Context: ctx}
}

// takeBack undoes the changes of an enable that was repeated, and failed. The monitor
// goes on as before.
func (s *Setup) takeBack(hands []*change.Hand, cause error) error {
	failed := []error{cause}
	changed := false
	for _, h := range slices.Backward(hands) {
		c, err := h.TakeBack()
		changed = changed || c
		if err != nil {
			failed = append(failed, err)
		}
	}
	if changed {
		s.Warn("taking back what this enable changed; the monitor stays on as it was")
		failed = append(failed, s.reassert())
	} else {
		s.Warn("the monitor stays on as it was")
	}
	return errors.Join(failed...)
}

// An Off holds the options of Disable.
type Off struct{ Purge bool }

// Disable turns the monitor off, and restores the machine.
func (s *Setup) Disable(off Off) error {
	if s.Journal.Empty() && !off.Purge && !traces() {
		os.RemoveAll(layout.Admin)
		os.RemoveAll(layout.Run)
		fmt.Fprintln(s.Out, "egress-monitor is off.")
		return nil
	}
	if err := s.undo(off); err != nil {
		return err
	}
	kept := ""
	if _, err := os.Stat(s.Settings.LogDir); err == nil && !off.Purge {
		kept = " The two files stay in " + s.Settings.LogDir + "."
	}
	fmt.Fprintln(s.Out, "egress-monitor is off."+kept)
	return nil
}

// undo undoes the steps, the last one first. After a failure it goes on with the other
// steps. But if the resolver still asks dnsmasq, dnsmasq and its files stay.
func (s *Setup) undo(off Off) error {
	s.off = off
	s.wasOn = Enabled()
	if err := undo.Remove(layout.Enabled); err != nil {
		return err
	}
	left := s.undoSteps(s.Steps())
	if left > 0 {
		return errors.New("not all could be put back; mend what is reported above, then repeat: egress-monitor disable")
	}
	return s.forget()
}

// undoSteps returns how many steps and notes could not be undone.
func (s *Setup) undoSteps(steps []Step) (left int) {
	left = len(s.Journal.Damaged)
	for _, line := range s.Journal.Damaged {
		s.Warn("%s", line)
	}
	lost := s.Journal.Empty()
	kept := false
	for _, step := range slices.Backward(steps) {
		if step.Undo == nil || step.Base && kept {
			continue
		}
		notes := s.Journal.Of(step.ID)
		if len(notes) > 0 || lost {
			fmt.Fprintf(s.Out, "  undo   %s\n", step.Text)
		}
		if err := step.Undo(notes); err != nil {
			s.Warn("cannot undo: %s: %v", step.Text, err)
			left++
			kept = kept || step.Keeps
		}
	}
	for _, err := range s.undoUnknown(steps) {
		s.Warn("%v", err)
		left++
	}
	return left
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine notes the machine, and the versions of all programs.
func (t *table) machine(scratch string) {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, model, _ := strings.Cut(string(info), "model name\t: ")
	model, _, _ = strings.Cut(model, "\n")
	t.note("Machine: %s, %d processors, %s; Linux %s; scratch folder on %s.", model, runtime.NumCPU(), memory(),
		output("uname", "-r"), output("stat", "-f", "-c", "%T", scratch))
	t.note("Tools: %s, built by %s. Compared with: %s.", output("git", "describe", "--always", "--dirty"), output("go", "version"),
		strings.Join([]string{
			output("mawk", "-W", "version"), output("grep", "--version"), output("cat", "--version"), output("journalctl", "--version")}, "; "))
	t.note("Processor time (user and system, of all processes), the medians; the ratio is the median of those of runs side by side, and half of them are between the two numbers after it. All results were compared with the truth.")
}

func memory() string {
	info, _ := os.ReadFile("/proc/meminfo")
	var kb int
	fmt.Sscanf(string(info), "MemTotal: %d kB", &kb)
	return fmt.Sprintf("%d GiB", (kb+1<<19)>>20)
}

// output returns the first line that a program prints.
func output(args ...string) string {
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		return args[0] + " (none)"
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first)
}

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine notes what was measured where, and with which versions.
func machine(t *table, scratch string) {
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for l := range strings.SplitSeq(string(info), "\n") {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	t.note("Machine: %s, %d processors, %s; Linux %s; scratch folder on %s.", model, runtime.NumCPU(), memory(),
		output("uname", "-r"), output("stat", "-f", "-c", "%T", scratch))
	t.note("Tools: %s, built by %s. Compared with: %s.", output("git", "describe", "--always", "--dirty"), output("go", "version"),
		strings.Join([]string{
			output("mawk", "-W", "version"), output("gawk", "--version"), "Perl " + output("perl", "-e", "print $^V"),
			output("grep", "--version"), output("cat", "--version"), output("journalctl", "--version")}, "; "))
	t.note("Processor time (user and system, of all processes), the medians; the ratio is the median of those of runs side by side (half of them lie between the two behind it). All results were compared with the truth.")
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

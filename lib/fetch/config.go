package fetch

import (
	"fmt"
	"strings"
	"time"
)

// Config returns the text of SSHConfig: first what egress-pull asks for, then
// the given options, a "Name value" each, then those of a file, or the user's
// and the system's if there is no file. For each option ssh takes the first value that
// it reads, so later ones cannot undo earlier ones.
func Config(timeout time.Duration, acceptNew bool, options []string, file *string) string {
	strict := "yes"
	if acceptNew {
		strict = "accept-new"
	}
	text := fmt.Sprintf(`BatchMode yes
StrictHostKeyChecking %s
UpdateHostKeys no
ConnectTimeout %d
ConnectionAttempts 1
ServerAliveInterval 10
ServerAliveCountMax 2
ClearAllForwardings yes
ForwardAgent no
ForwardX11 no
PermitLocalCommand no
ControlMaster no
ControlPath none
RequestTTY no
LogLevel ERROR
`, strict, min(timeout, 15*time.Second)/time.Second)
	for _, option := range options {
		text += option + "\n"
	}
	text += "Match all\n"
	if file != nil {
		return text + strings.TrimSuffix(*file, "\n") + "\n"
	}
	return text + "Include ~/.ssh/config\nMatch all\nInclude /etc/ssh/ssh_config\n"
}

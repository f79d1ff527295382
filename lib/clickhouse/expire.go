package clickhouse

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// Expire drops the months of the history that ended before a day.
func Expire(c Client, before time.Time) error {
	for _, table := range []string{"name_days", "address_days"} {
		var months bytes.Buffer
		err := c.Run(fmt.Sprintf("SELECT DISTINCT partition FROM system.parts "+
			"WHERE database = 'egress' AND table = '%s' AND active AND partition < '%s' ORDER BY partition FORMAT TabSeparated",
			table, before.UTC().Format("200601")), nil, &months)
		if err != nil {
			return err
		}
		for month := range strings.FieldsSeq(months.String()) {
			if _, err := time.Parse("200601", month); err != nil {
				return fmt.Errorf("%s: %q is no month", table, month)
			}
			if err := c.Run(fmt.Sprintf("ALTER TABLE egress.%s DROP PARTITION %s", table, month), nil, io.Discard); err != nil {
				return err
			}
		}
	}
	return nil
}

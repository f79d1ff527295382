# sorted sorts ",b,a" into "a,b", and "" into "-"; most lists are short.
function sorted(list,   n, ip, i, j, x) {
	if (list == "")
		return "-"
	n = split(substr(list, 2), ip, ",")
	for (i = 2; i <= n; i++) {
		x = ip[i]
		for (j = i - 1; j > 0 && ip[j] "" > x ""; j--)
			ip[j + 1] = ip[j]
		ip[j + 1] = x
	}
	list = ip[1]
	for (i = 2; i <= n; i++)
		list = list "," ip[i]
	return list
}

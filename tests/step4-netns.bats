load helper
@test "ping both ways" {
	start sh -c 'ping -c 1 10.11.12.13 && echo up; exec sleep 100'
	eventually has_said '^up$'
	on_host_side "$PID" ping -c 1 10.11.12.14
}

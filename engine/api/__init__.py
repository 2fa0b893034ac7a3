"""The Docker Engine HTTP API: parse, call a room, answer.

Routes know no room: each module in `routes/` states a Protocol for what it needs and is handed an object that has it.
"""
